using System.Runtime.InteropServices;

namespace LiveUpdate;

/// <summary>
/// What is kept beside the table for a file that is not a plain object: the caller's handle that is held, and an id of its own.
/// </summary>
/// <param name="Handle">The handle that was counted up; null for an object.</param>
/// <param name="Id">The id in the set of all ids.</param>
internal readonly record struct FileHold(SafeHandle? Handle, FileId Id);
