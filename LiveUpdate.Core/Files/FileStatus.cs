namespace LiveUpdate;

/// <summary>How far an incoming file has come (reference part 1: retrieve status).</summary>
public enum FileStatus
{
    /// <summary>Nobody tried to retrieve it.</summary>
    Listed = 0,

    /// <summary>It was retrieved; the orchestrator holds it until the session is finished.</summary>
    Retrieved = 1,

    /// <summary>The one attempt to retrieve it failed, and stays failed (reference R-04).</summary>
    Failed = -1,
}
