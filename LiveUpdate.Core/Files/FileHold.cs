using System.Runtime.InteropServices;

namespace LiveUpdate;

/// <summary>
/// What is kept beside the table for a file that is not a plain object: the caller's handle that is held, and an id of its own.
/// </summary>
/// <param name="Handle">The handle that was counted up; null for an object.</param>
/// <param name="Id">The id in the set of all ids.</param>
/// <param name="IsDuplicate">Whether the handle is not the caller's but one made for the hold.</param>
internal readonly record struct FileHold(SafeHandle? Handle, FileId Id, bool IsDuplicate = false)
{
    /// <summary>Lets the handle go.</summary>
    public void Release()
    {
        Handle?.DangerousRelease();
        if (IsDuplicate)
            Handle?.Dispose();
    }
}
