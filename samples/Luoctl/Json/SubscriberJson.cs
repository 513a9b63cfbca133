namespace LiveUpdate.Samples.Luoctl.Json;

/// <summary>A program that takes part in updates.</summary>
internal sealed record SubscriberJson(int Id, string Name, string State);
