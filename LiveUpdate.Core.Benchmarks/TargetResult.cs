namespace LiveUpdate.Benchmarks;

/// <summary>One line of the summary.</summary>
/// <param name="Name">What was measured.</param>
/// <param name="Limit">The target; empty for none.</param>
/// <param name="Measured">The figure.</param>
/// <param name="IsReached">Whether the target is reached; null without one.</param>
internal readonly record struct TargetResult(string Name, string Limit, string Measured, bool? IsReached)
{
    /// <summary>The line of the Markdown table.</summary>
    public override string ToString()
    {
        string reached = IsReached switch { true => "yes", false => "**no**", null => "" };
        return $"| {Name} | {Limit} | {Measured} | {reached} |";
    }
}
