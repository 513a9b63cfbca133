namespace LiveUpdate.Samples.Luoctl.Json;

/// <summary>A phase of an update.</summary>
internal sealed record PhaseJson(string Name, double StartMs, double DurationMs);
