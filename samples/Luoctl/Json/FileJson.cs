namespace LiveUpdate.Samples.Luoctl.Json;

/// <summary>A file of a session.</summary>
internal sealed record FileJson(ulong Token, long Bytes, bool IsRetrieved);
