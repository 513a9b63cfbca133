namespace LiveUpdate.Tests.Infrastructure;

/// <summary>The live object of a <see cref="RecordingFlb"/>: its data handle on the side where it was made.</summary>
internal sealed record FlbObject(ulong Data, bool IsIncoming);
