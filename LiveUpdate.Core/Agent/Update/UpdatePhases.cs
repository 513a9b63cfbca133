namespace LiveUpdate.Agent;

/// <summary>The names of an update's phases, beside those of the way into the next generation.</summary>
internal static class UpdatePhases
{
    public const string Idle = "idle";
    public const string Prepare = "prepare";
    public const string Barrier = "barrier";
    public const string HandOver = "hand-over";
    public const string Claim = "claim";
}
