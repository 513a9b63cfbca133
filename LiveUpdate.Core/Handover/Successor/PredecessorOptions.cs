namespace LiveUpdate;

/// <summary>Where a process that was not started by its predecessor finds it.</summary>
/// <param name="path">The path of the Unix socket, <see cref="SuccessorOptions.ListenPath"/> there.</param>
/// <param name="secret">The secret, <see cref="SuccessorOptions.Secret"/> there.</param>
public sealed class PredecessorOptions(string path, string secret)
{
    /// <summary>The path of the Unix socket.</summary>
    public string Path { get; } = path ?? throw new ArgumentNullException(nameof(path));

    /// <summary>The one-time secret.</summary>
    public string Secret { get; } = secret ?? throw new ArgumentNullException(nameof(secret));
}
