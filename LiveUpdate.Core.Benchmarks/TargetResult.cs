namespace LiveUpdate.Benchmarks;

/// <summary>One line of the summary.</summary>
/// <param name="Name">What was measured.</param>
/// <param name="Limit">The target.</param>
/// <param name="Measured">The figure.</param>
/// <param name="IsReached">Whether the target is reached.</param>
internal readonly record struct TargetResult(string Name, string Limit, string Measured, bool IsReached)
{
    /// <summary>The line of the Markdown table.</summary>
    public override string ToString() => $"| {Name} | {Limit} | {Measured} | {(IsReached ? "yes" : "no")} |";
}
