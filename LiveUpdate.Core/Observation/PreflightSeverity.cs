namespace LiveUpdate;

/// <summary>What a <see cref="PreflightFinding"/> means for the hand-over.</summary>
public enum PreflightSeverity
{
    /// <summary>Good to know; nothing needs to be done.</summary>
    Information,

    /// <summary>The hand-over goes on, and may not do what was meant.</summary>
    Warning,

    /// <summary>Could not be found out; the hand-over goes on.</summary>
    Unknown,

    /// <summary>The hand-over is refused before anything is frozen.</summary>
    Blocking,
}
