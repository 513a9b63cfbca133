namespace LiveUpdate.Tests.Infrastructure;

/// <summary>One callback as it was made: what it was given, and what it gave back.</summary>
/// <param name="Name">The callback with the number of the file, as in <c>pre1</c>, or with the name of the FLB, as in <c>A.pre</c>.</param>
/// <param name="Data">The data handle on entry.</param>
/// <param name="Object">The file, or the object of the FLB; null if there is none.</param>
/// <param name="State">The private state; of a retrieve, what the check before the commit kept.</param>
/// <param name="Status">How far an incoming file has come.</param>
/// <param name="Failure">The error of the one attempt to retrieve it.</param>
internal sealed record CallbackCall(
    string Name,
    ulong Data = 0,
    object? Object = null,
    object? State = null,
    FileStatus Status = FileStatus.Listed,
    LiveUpdateError Failure = LiveUpdateError.None);
