namespace LiveUpdate.Machine.Update;

/// <summary>The live form of <see cref="SharedPageFlb"/>: which generation made it.</summary>
internal sealed record SharedPage(int Generation);
