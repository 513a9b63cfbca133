namespace LiveUpdate.TestHost;

/// <summary>What the new image does to what it was handed, before it boots.</summary>
internal enum Damage
{
    BootRecord,
    Notice,
    MemoryDescriptor,
    ClosedDescriptor,
    OtherFile,
    State,
}
