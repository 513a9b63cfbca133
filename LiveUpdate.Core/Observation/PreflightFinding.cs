namespace LiveUpdate;

/// <summary>Something that stands in the way of a hand-over, or may, found before anything is frozen.</summary>
/// <param name="Id">What it is, for programs: lower case with hyphens, the same in every version, as <c>fdstore-too-small</c>.</param>
/// <param name="Severity">What it means for the hand-over.</param>
/// <param name="Message">What was found, in a sentence, with the figures.</param>
/// <param name="Remedy">What to do about it, in a sentence; null if there is nothing to do.</param>
public sealed record PreflightFinding(string Id, PreflightSeverity Severity, string Message, string? Remedy = null)
{
    /// <summary>What a hand-over is refused with because of it.</summary>
    internal LiveUpdateError Error { get; init; } = LiveUpdateError.NotSupported;

    /// <summary>What was thrown when it was found out; null if nothing was.</summary>
    internal Exception? Cause { get; init; }

    /// <summary>The finding in a line: id, message, remedy.</summary>
    public override string ToString() => Remedy is null ? $"{Id}: {Message}" : $"{Id}: {Message} {Remedy}";
}
