namespace LiveUpdate.Fuzzing.Running;

/// <summary>What a process runs.</summary>
internal struct RunningState
{
    /// <summary>The target, by its place on the command line.</summary>
    public int Target;

    /// <summary>Where the input begins in its file.</summary>
    public int Start;

    /// <summary>Its length.</summary>
    public int Length;

    /// <summary>How many inputs were begun.</summary>
    public long Number;
}
