using LiveUpdate.Kho;

namespace LiveUpdate.Fuzzing.Running;

/// <summary>Memory of generations between two pages that nobody may touch.</summary>
internal sealed class GuardedMemory : KhoMemory
{
    private readonly GuardedRegion _region;

    private unsafe GuardedMemory(GuardedRegion region, int length)
        // The region has length bytes and lives as long as this.
        : base(DefaultBase, length, region.Start) => _region = region;

    /// <summary>Makes zeroed memory.</summary>
    public static GuardedMemory Create(int length)
    {
        using var file = SharedMemoryFile.Create(length, "fuzzing");
        return new GuardedMemory(new GuardedRegion(file, length), length);
    }

    /// <summary>All of it.</summary>
    public Span<byte> Bytes => GetSpan(Base, (int)Length);

    /// <inheritdoc/>
    public override KhoMemoryLease Lease() => new(_region.Mapping);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => ((IDisposable)_region).Dispose();
}
