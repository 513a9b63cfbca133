namespace LiveUpdate.Tests.Faults;

/// <summary>Where a file stands between two callbacks.</summary>
internal enum FilePhase
{
    Preserved,
    Frozen,
    Listed,
    Retrieved,
    Failed,
}
