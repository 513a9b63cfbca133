namespace LiveUpdate.TestHost.Successor;

/// <summary>What <see cref="SlowCheckHandler"/> preserves.</summary>
internal sealed class SlowFile;
