namespace LiveUpdate.Samples.Rendering;

/// <summary>What a piece of text says beside its words; a terminal shows it as a colour.</summary>
internal enum Tone
{
    Normal,
    Strong,
    Faint,
    Good,
    Warning,
    Bad,
}
