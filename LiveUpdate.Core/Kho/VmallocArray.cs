using System.Buffers.Binary;
using LiveUpdate.Abi;
using LiveUpdate.Serialization;

namespace LiveUpdate.Kho;

/// <summary>
/// An outgoing array in scattered preserved pages, for what is larger than an allocation may be (reference 2.7, A-50, A-52): pages of 4096
/// bytes, and chunks that list their addresses.
/// </summary>
/// <remarks>Not safe for threads: the owner of the content guards it.</remarks>
public sealed class VmallocArray : IDisposable
{
    private readonly KexecHandover _kho;
    private readonly List<PhysicalAddress> _chunks = [];
    private readonly List<PhysicalAddress> _pages = [];
    private bool _disposed;

    private VmallocArray(KexecHandover kho, long length)
    {
        _kho = kho;
        Length = length;
    }

    /// <summary>The length of the content in bytes; the last page is zero behind it.</summary>
    public long Length { get; }

    /// <summary>The pages of the content.</summary>
    public int PageCount => _pages.Count;

    /// <summary>The pages that list the others; one more than needed when those are an exact multiple of 511 (reference A-50).</summary>
    public int ChunkCount => _chunks.Count;

    /// <summary>What a record refers to the array by.</summary>
    public VmallocDescriptor Descriptor => _chunks.Count == 0
        ? default
        : new VmallocDescriptor(_chunks[0], (uint)_pages.Count, KhoAbi.VmallocPlain, 0);

    /// <summary>Allocates a zeroed array, all or nothing.</summary>
    /// <param name="kho">The generation that the pages belong to.</param>
    /// <param name="length">The length in bytes; 0 gives an array without pages, whose descriptor is all zero.</param>
    /// <param name="owner">Who holds the pages in the account.</param>
    /// <exception cref="LiveUpdateException">No memory (ENOMEM), or more than 2^31 - 1 pages (EFBIG).</exception>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is negative.</exception>
    /// <exception cref="InvalidOperationException">The generation is not active, or a hand-over is written.</exception>
    /// <exception cref="ObjectDisposedException">The generation is over.</exception>
    public static VmallocArray Allocate(KexecHandover kho, long length, PageOwner owner)
    {
        ArgumentNullException.ThrowIfNull(kho);
        ArgumentNullException.ThrowIfNull(owner);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if (length > (long)int.MaxValue << LuoAbi.PageShift)
            throw new LiveUpdateException(LiveUpdateError.FileTooLarge, $"An array of {length} bytes has too many pages.");
        var array = new VmallocArray(kho, length);
        try
        {
            array.AllocatePages((int)((length + LuoAbi.PageSize - 1) >> LuoAbi.PageShift), owner);
            return array;
        }
        catch
        {
            array.Dispose();
            throw;
        }
    }

    /// <summary>The bytes of a page of the content.</summary>
    /// <param name="index">The number of the page.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such page.</exception>
    public Span<byte> GetPage(int index) => _kho.GetSpan(_pages[index], LuoAbi.PageSize);

    /// <summary>Writes a part of the content, over the borders of pages.</summary>
    /// <param name="offset">The position in the content, in bytes.</param>
    /// <param name="source">The bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">The part does not lie in the content.</exception>
    public void Write(long offset, ReadOnlySpan<byte> source)
    {
        if (offset < 0 || offset > Length || source.Length > Length - offset)
            throw new ArgumentOutOfRangeException(nameof(offset), offset, $"{source.Length} bytes do not fit an array of {Length} bytes.");
        while (!source.IsEmpty)
        {
            Span<byte> page = GetPage((int)(offset >> LuoAbi.PageShift))[(int)(offset & (LuoAbi.PageSize - 1))..];
            int count = Math.Min(page.Length, source.Length);
            source[..count].CopyTo(page);
            source = source[count..];
            offset += count;
        }
    }

    /// <summary>Frees all pages. Idempotent.</summary>
    /// <remarks>
    /// After the end of the generation, and while a hand-over is written, the pages are no longer its to free, and nothing happens; when
    /// the hand-over has been called off, call it again.
    /// </remarks>
    public void Dispose()
    {
        if (_disposed || _kho.IsOver || _kho.IsHandoverWritten)
            return;
        foreach (PhysicalAddress page in _pages)
            _kho.FreePreserved(page);
        foreach (PhysicalAddress chunk in _chunks)
            _kho.FreePreserved(chunk);
        _pages.Clear();
        _chunks.Clear();
        _disposed = true;
    }

    // A chunk that has become full is followed by the next one at once, hence the empty one at exact multiples.
    private void AllocatePages(int count, PageOwner owner)
    {
        if (count == 0)
            return;
        AddChunk(owner);
        for (int i = 0; i < count; i++)
        {
            PhysicalAddress page = _kho.AllocatePreserved(LuoAbi.PageSize, owner);
            _pages.Add(page);
            int slot = i % KhoAbi.VmallocAddressesPerChunk;
            WriteAddress(_chunks[^1], KhoAbi.VmallocChunkHeaderSize + (slot * sizeof(ulong)), page);
            if (slot == KhoAbi.VmallocAddressesPerChunk - 1)
                AddChunk(owner);
        }
    }

    private void AddChunk(PageOwner owner)
    {
        PhysicalAddress chunk = _kho.AllocatePreserved(KhoAbi.VmallocChunkSize, owner);
        if (_chunks.Count > 0)
            WriteAddress(_chunks[^1], 0, chunk);
        _chunks.Add(chunk);
    }

    private void WriteAddress(PhysicalAddress chunk, int offset, PhysicalAddress value) =>
        BinaryPrimitives.WriteUInt64LittleEndian(_kho.GetSpan(chunk + offset, sizeof(ulong)), value.Value);
}
