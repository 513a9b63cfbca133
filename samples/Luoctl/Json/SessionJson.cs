namespace LiveUpdate.Samples.Luoctl.Json;

/// <summary>A session.</summary>
internal sealed record SessionJson(string Name, string Side, uint User, bool IsOpen, long Files, long Bytes);
