namespace LiveUpdate.TestHost.Successor;

/// <summary>What <see cref="OlderHandler"/> preserves.</summary>
internal sealed record OlderFile(ulong Data, string Compatible);
