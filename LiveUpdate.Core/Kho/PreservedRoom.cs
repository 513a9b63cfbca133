using System.Numerics;
using LiveUpdate.Abi;

namespace LiveUpdate.Kho;

/// <summary>
/// Preserved memory of any size, over as many blocks as it takes: room that is reserved now for what is written at the freeze.
/// </summary>
/// <remarks>Not safe for threads; the memory it comes from is.</remarks>
public sealed class PreservedRoom : IDisposable
{
    private readonly KexecHandover _memory;
    private readonly List<PreservedRange> _ranges = [];

    /// <summary>Reserves room: whole pages, in blocks as large as possible, none above 4 MiB. All or nothing.</summary>
    /// <param name="memory">The preserved memory of this generation.</param>
    /// <param name="bytes">The size in bytes; rounded up to whole pages.</param>
    /// <param name="owner">Who holds the pages.</param>
    /// <exception cref="ArgumentNullException"><paramref name="memory"/> or <paramref name="owner"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bytes"/> is not positive.</exception>
    /// <exception cref="LiveUpdateException">No room (ENOMEM, or why memory that grows did not); nothing stays reserved.</exception>
    /// <exception cref="InvalidOperationException">The generation is not active, or a hand-over is written.</exception>
    /// <exception cref="ObjectDisposedException">The generation is over.</exception>
    public PreservedRoom(KexecHandover memory, long bytes, PageOwner owner)
    {
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentNullException.ThrowIfNull(owner);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytes);
        _memory = memory;
        try
        {
            // More than there is would take every free page first, and make others fail meanwhile.
            if (bytes > memory.Memory.MaxLength)
                throw NoMemory(bytes);
            Reserve(bytes, owner);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The size in bytes.</summary>
    public long Capacity { get; private set; }

    /// <summary>The blocks, in the order in which they are to be filled; empty after <see cref="Dispose"/>.</summary>
    public IReadOnlyList<PreservedRange> Ranges => _ranges;

    /// <summary>Frees the blocks. Idempotent.</summary>
    /// <exception cref="InvalidOperationException">A hand-over is written.</exception>
    /// <exception cref="ObjectDisposedException">The generation is over, and so is the room.</exception>
    public void Dispose()
    {
        while (_ranges.Count > 0)
        {
            _memory.FreePreserved(_ranges[^1].Address);
            Capacity -= _ranges[^1].Length;
            _ranges.RemoveAt(_ranges.Count - 1);
        }
    }

    /// <summary>A block as <see cref="Memory{T}"/>; valid as long as the room.</summary>
    internal Memory<byte> GetMemory(int index) =>
        new KhoMemoryManager(_memory.Memory, _ranges[index].Address, (int)_ranges[index].Length).Memory;

    private static LiveUpdateException NoMemory(long bytes, LiveUpdateError error = LiveUpdateError.OutOfMemory) =>
        new(error, $"Preserved memory has no room for {bytes} bytes.");

    private void Reserve(long bytes, PageOwner owner)
    {
        long pages = (bytes + LuoAbi.PageSize - 1) >> LuoAbi.PageShift;
        int largest = KhoAbi.MaxOrder;
        while (pages > 0)
        {
            int order = Math.Min(largest, BitOperations.Log2((ulong)pages));
            if (_memory.TryAllocatePreserved((long)LuoAbi.PageSize << order, owner, out PhysicalAddress address, out LiveUpdateError error))
            {
                var range = new PreservedRange(address, order);
                _ranges.Add(range);
                Capacity += range.Length;
                pages -= range.Pages;
                continue;
            }

            // Free memory may lie in pieces; smaller blocks hold as much.
            largest = order - 1;
            if (largest < 0)
                throw NoMemory(bytes, error);
        }
    }
}
