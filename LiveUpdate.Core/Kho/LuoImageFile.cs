namespace LiveUpdate.Kho;

/// <summary>A file in a <see cref="LuoImage"/>. Immutable.</summary>
public sealed class LuoImageFile
{
    internal LuoImageFile()
    {
    }

    /// <summary>The compatible string of its handler.</summary>
    public required string Compatible { get; init; }

    /// <summary>The handler's data handle.</summary>
    public DataHandle Data { get; internal init; }

    /// <summary>The token.</summary>
    public Token Token { get; internal init; }

    /// <summary>What the kernel's memfd handler wrote; null for a file of another handler.</summary>
    public LuoImageMemfd? Memfd { get; internal init; }
}
