namespace LiveUpdate.Kho;

/// <summary>A session in a <see cref="LuoImage"/>. Immutable.</summary>
public sealed class LuoImageSession
{
    internal LuoImageSession()
    {
    }

    /// <summary>The name, as UTF-8 text.</summary>
    public required string Name { get; init; }

    /// <summary>The first block of files; none for a session without files.</summary>
    public PhysicalAddress FilesAddress { get; internal init; }

    /// <summary>The number of files that the session's record says; without blocks it may be wrong (reference A-31).</summary>
    public ulong FileCount { get; internal init; }

    /// <summary>The files, in the order of the image.</summary>
    public required IReadOnlyList<LuoImageFile> Files { get; init; }
}
