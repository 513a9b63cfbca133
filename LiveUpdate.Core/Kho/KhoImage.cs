using System.Diagnostics.CodeAnalysis;
using LiveUpdate.Abi;

namespace LiveUpdate.Kho;

/// <summary>
/// A hand-over to look at: the device tree and the preserved-memory map, over memory that nobody boots from (reference 2.8, 2.9).
/// </summary>
/// <remarks>
/// For captured images and tools. Nothing in the image is trusted, and nothing is written. Safe for threads. The memory stays the caller's.
/// </remarks>
public sealed class KhoImage : IIncomingMemory
{
    private const string Structure = "preserved-memory map";

    private readonly KhoRootTree _tree;
    private readonly PreservedRange[] _byAddress;

    private KhoImage(KhoRootTree tree, KhoMemory memory, List<PreservedRange> preserved)
    {
        _tree = tree;
        Memory = memory;
        Preserved = preserved;
        _byAddress = [.. preserved.OrderBy(range => range.Address)];
        for (int i = 1; i < _byAddress.Length; i++)
        {
            PreservedRange before = _byAddress[i - 1];
            if (_byAddress[i].Address < before.Address + before.Length)
                throw Bad(_byAddress[i].Address, "blocks that do not overlap", $"one of order {before.Order} at {before.Address}");
        }
    }

    /// <summary>The memory.</summary>
    public KhoMemory Memory { get; }

    /// <summary>The root page of the preserved-memory map.</summary>
    public PhysicalAddress PreservedMemoryMap => _tree.PreservedMemoryMap;

    /// <summary>The names of the subtrees, in the order of the device tree.</summary>
    public IReadOnlyList<string> SubtreeNames => _tree.Names;

    /// <summary>
    /// The preserved blocks in the order of the map: largest first, ascending by address within an order (reference A-76).
    /// </summary>
    public IReadOnlyList<PreservedRange> Preserved { get; }

    /// <summary>Reads an image.</summary>
    /// <param name="deviceTree">The bytes of the root device tree.</param>
    /// <param name="memory">The memory that its addresses mean.</param>
    /// <exception cref="LiveUpdateImageException">The device tree or the preserved-memory map is damaged (EINVAL).</exception>
    /// <exception cref="ArgumentNullException"><paramref name="memory"/> is null.</exception>
    /// <exception cref="ObjectDisposedException">The memory has been disposed.</exception>
    public static KhoImage Read(ReadOnlySpan<byte> deviceTree, KhoMemory memory)
    {
        ArgumentNullException.ThrowIfNull(memory);
        KhoRootTree tree = KhoRootTree.Read(deviceTree, PhysicalAddress.None);
        List<PreservedRange> preserved = [];
        PreservedPageTreeReader.Walk(memory, tree.PreservedMemoryMap, Enter, out _);
        return new KhoImage(tree, memory, preserved);

        int Enter(RadixKey key)
        {
            // Beyond it a block could reach over the end of the 64-bit address space.
            if (key.Order > 40 || key.Address.Value > ulong.MaxValue - ((ulong)LuoAbi.PageSize << key.Order))
                throw Bad(key.Address, "a block of at most 2^40 pages", key.ToString());
            preserved.Add(new PreservedRange(key.Address, key.Order));
            return 0;
        }
    }

    /// <summary>Reads an image that was captured into files.</summary>
    /// <param name="directory">
    /// The folder with <c>fdt.bin</c>, the root device tree, and <c>pages.bin.gz</c>, the pages (see <see cref="SparseMemory.Load"/>).
    /// </param>
    /// <returns>The image, over a <see cref="SparseMemory"/> that is the caller's to dispose.</returns>
    /// <exception cref="LiveUpdateImageException">A file is damaged (EINVAL).</exception>
    /// <exception cref="ArgumentException"><paramref name="directory"/> is null or empty.</exception>
    /// <exception cref="IOException">A file is missing or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A file must not be read.</exception>
    public static KhoImage Load(string directory)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        byte[] deviceTree = new byte[KhoAbi.MaxFdtSize];
        using (FileStream file = File.OpenRead(Path.Combine(directory, "fdt.bin")))
            deviceTree = deviceTree[..file.ReadAtLeast(deviceTree, deviceTree.Length, throwOnEndOfStream: false)];
        using FileStream pages = File.OpenRead(Path.Combine(directory, "pages.bin.gz"));
        return Read(deviceTree, SparseMemory.Load(pages));
    }

    /// <inheritdoc/>
    public bool TryGetSubtree(string name, out KhoSubtree subtree)
    {
        ArgumentNullException.ThrowIfNull(name);
        return _tree.TryGet(name, out subtree);
    }

    /// <inheritdoc/>
    public bool IsIncoming(PhysicalAddress address, long length)
    {
        if (length <= 0 || address.Value > ulong.MaxValue - (ulong)length)
            return false;
        PhysicalAddress end = address + length;
        for (int i = LastAtOrBelow(address); address < end; i++)
        {
            if (i < 0 || i >= _byAddress.Length || _byAddress[i].Address > address)
                return false;
            PhysicalAddress rangeEnd = _byAddress[i].Address + _byAddress[i].Length;
            if (rangeEnd <= address)
                return false;
            address = rangeEnd;
        }
        return true;
    }

    /// <inheritdoc/>
    public bool IsRestorable(PhysicalAddress address, out int order)
    {
        int i = LastAtOrBelow(address);
        bool found = i >= 0 && _byAddress[i].Address == address;
        order = found ? _byAddress[i].Order : 0;
        return found;
    }

    /// <inheritdoc/>
    public ReadOnlySpan<byte> GetIncomingSpan(PhysicalAddress address, int length, string what)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        if (!IsIncoming(address, length))
            ThrowMissing(address, length, what, "memory that was not preserved");
        if (!Memory.TryGetSpan(address, length, out Span<byte> span))
            ThrowMissing(address, length, what, "memory that was not captured");
        return span;
    }

    private int LastAtOrBelow(PhysicalAddress address)
    {
        int low = 0, high = _byAddress.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_byAddress[middle].Address <= address)
                low = middle + 1;
            else
                high = middle;
        }
        return low - 1;
    }

    [DoesNotReturn]
    private static void ThrowMissing(PhysicalAddress address, int length, string what, string found) =>
        throw new LiveUpdateImageException(
            LiveUpdateError.InvalidArgument, what, address, 0, $"{length} bytes of preserved memory", found);

    private static LiveUpdateImageException Bad(PhysicalAddress address, string expected, string found) =>
        new(LiveUpdateError.InvalidArgument, Structure, address, 0, expected, found);
}
