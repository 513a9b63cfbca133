namespace LiveUpdate;

/// <summary>What a request came to, before its answer is copied to the caller (reference U-11, U-24).</summary>
/// <param name="Error">None, or the errno.</param>
/// <param name="Publish">What makes the result visible, once the answer has been copied: installing the descriptor.</param>
/// <param name="Undo">What takes it back if the answer cannot be copied.</param>
internal readonly record struct UapiOutcome(LiveUpdateError Error, Action? Publish = null, Action? Undo = null)
{
    public static implicit operator UapiOutcome(LiveUpdateError error) => new(error);
}
