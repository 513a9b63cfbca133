namespace LiveUpdate.Samples.Luoctl.Json;

/// <summary>What <c>cancel</c> says.</summary>
internal sealed record CanceledJson(ulong Canceled);
