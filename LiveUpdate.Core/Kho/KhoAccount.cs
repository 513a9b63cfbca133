namespace LiveUpdate.Kho;

/// <summary>Who holds which pages of a generation's memory; a snapshot.</summary>
/// <remarks>
/// Total = free + reserved + tree + the sum of the owners' + unrestored, so that a leak shows. All counts are of pages of 4096 bytes.
/// </remarks>
public sealed record KhoAccount
{
    /// <summary>All pages of the memory.</summary>
    public required long TotalPages { get; init; }

    /// <summary>The pages that can be allocated.</summary>
    public required long FreePages { get; init; }

    /// <summary>The pages of the boot record and of the device tree.</summary>
    public required long ReservedPages { get; init; }

    /// <summary>
    /// The pages of the preserved-memory map; they grow with what was ever preserved and are not released (reference A-75).
    /// </summary>
    public required long TreePages { get; init; }

    /// <summary>The owners that hold pages, by name.</summary>
    public required IReadOnlyList<KhoOwnerAccount> Owners { get; init; }

    /// <summary>The blocks of the predecessor that nobody has restored, ascending by address.</summary>
    public required IReadOnlyList<PreservedRange> Unrestored { get; init; }

    /// <summary>The pages in <see cref="Unrestored"/>.</summary>
    public long UnrestoredPages => Unrestored.Sum(range => range.Pages);
}
