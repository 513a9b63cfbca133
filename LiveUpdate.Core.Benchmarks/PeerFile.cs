namespace LiveUpdate.Benchmarks;

/// <summary>What would be kept of a file in an object of its own, for the base library's collections.</summary>
internal sealed class PeerFile(ulong token, ulong data, FileHandler handler)
{
    public ulong Token { get; } = token;

    public ulong Data { get; set; } = data;

    public FileHandler Handler { get; } = handler;

    public object? File { get; set; }

    public object? State { get; set; }

    public FileStatus Status { get; set; }
}
