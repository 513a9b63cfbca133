namespace LiveUpdate.Tests.Faults;

/// <summary>What a failing callback throws.</summary>
internal enum FaultError
{
    /// <summary>A refusal with an errno.</summary>
    Errno,

    /// <summary>An exception that knows nothing of the library.</summary>
    Arbitrary,
}
