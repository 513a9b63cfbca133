namespace LiveUpdate.Samples.Luoctl.Json;

/// <summary>Something that stands in the way of an update, or may.</summary>
internal sealed record FindingJson(string Id, string Severity, string Message, string? Remedy);
