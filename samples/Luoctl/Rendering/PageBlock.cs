namespace LiveUpdate.Samples.Rendering;

/// <summary>A part of a page.</summary>
internal abstract record PageBlock;
