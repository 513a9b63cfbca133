namespace LiveUpdate.Samples.Rendering;

/// <summary>A line of text.</summary>
internal sealed record PageText(string Text, Tone Tone) : PageBlock;
