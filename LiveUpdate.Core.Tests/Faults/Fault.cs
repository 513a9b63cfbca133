namespace LiveUpdate.Tests.Faults;

/// <summary>A step that was let fail.</summary>
/// <param name="Operation">The callback as refusals name it, as in <c>FLB preserve</c>; the kind of memory, where that was not to be had.</param>
/// <param name="Owner">The handler or FLB whose callback it is; null for memory.</param>
/// <param name="Exception">What the callback threw; null for memory.</param>
internal sealed record Fault(string Operation, string? Owner = null, Exception? Exception = null)
{
    /// <summary>Whether whoever wanted the step cannot be refused it: the state goes on, and the error is reported.</summary>
    public bool IsCleanup => Operation is "unpreserve" or "unfreeze" or "finish" or "FLB unpreserve" or "FLB finish";

    /// <summary>The error that the caller is to see.</summary>
    public LiveUpdateError Error => Exception switch
    {
        null => LiveUpdateError.OutOfMemory,
        _ when Operation == "can finish" => LiveUpdateError.Busy,
        LiveUpdateException refusal => refusal.Error,
        _ => LiveUpdateError.InputOutput,
    };
}
