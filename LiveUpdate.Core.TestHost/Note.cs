namespace LiveUpdate.TestHost;

/// <summary>A typed state.</summary>
internal sealed record Note(string Text, long Number);
