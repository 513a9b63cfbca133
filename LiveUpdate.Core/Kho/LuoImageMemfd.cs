using LiveUpdate.Serialization;

namespace LiveUpdate.Kho;

/// <summary>What the kernel's memfd handler wrote for a file (reference 2.7). Immutable.</summary>
public sealed class LuoImageMemfd
{
    internal LuoImageMemfd()
    {
    }

    /// <summary>The record.</summary>
    public MemfdRecord Record { get; internal init; }

    /// <summary>The entries of the folio array.</summary>
    public required IReadOnlyList<FolioRecord> Folios { get; init; }

    /// <summary>The chunks that list the pages of the folio array.</summary>
    public required IReadOnlyList<PhysicalAddress> FolioChunks { get; init; }

    /// <summary>The blocks of pages that hold the folio array.</summary>
    public required IReadOnlyList<PhysicalAddress> FolioPages { get; init; }
}
