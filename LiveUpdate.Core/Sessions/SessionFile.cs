namespace LiveUpdate;

/// <summary>One file of a session, for listing.</summary>
/// <param name="Token">The token that names it.</param>
/// <param name="Handler">The compatible string of its handler.</param>
/// <param name="Data">The data handle.</param>
/// <param name="Status">How far an incoming file has come; <see cref="FileStatus.Listed"/> for an outgoing one.</param>
public readonly record struct SessionFile(Token Token, string Handler, DataHandle Data, FileStatus Status)
{
    /// <summary>The name that it was preserved with; null if with none.</summary>
    public string? Name { get; init; }
}
