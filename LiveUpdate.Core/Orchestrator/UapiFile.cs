namespace LiveUpdate;

/// <summary>
/// An open file description of the dispatcher's table: the control device, a session, or a file of the caller's. Counted by descriptors.
/// </summary>
internal sealed class UapiFile(object target, bool ownsTarget)
{
    /// <summary>The device, the session, or the object behind a file.</summary>
    public object Target { get; } = target;

    /// <summary>Whether the last close disposes the target; not so for an object that its session still keeps.</summary>
    public bool OwnsTarget { get; } = ownsTarget;

    /// <summary>How many descriptors there are; the last one to go closes it (reference S-25).</summary>
    public int References { get; set; }
}
