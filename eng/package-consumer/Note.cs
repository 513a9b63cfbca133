/// <summary>What crosses the generation change.</summary>
internal sealed record Note(string Text);
