using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using LiveUpdate.Abi;

namespace LiveUpdate.Kho;

/// <summary>Pages at any addresses: memory that was captured from a machine. For reading images; no generation can live in it.</summary>
/// <remarks>Pages whose addresses follow each other form one stretch, so that a span may reach over them.</remarks>
public sealed class SparseMemory : KhoMemory
{
    /// <summary>The most memory that <see cref="Load"/> takes unless told otherwise, in bytes: 1 GiB.</summary>
    public const long DefaultMaxBytes = 1L << 30;

    private const string Structure = "captured pages";
    private const int MaxRun = 1 << 30;
    private const int RecordSize = sizeof(ulong) + LuoAbi.PageSize;

    private readonly ulong[] _starts;
    private readonly byte[][] _runs;

    private SparseMemory(ulong[] starts, byte[][] runs)
        : base(
            new PhysicalAddress(starts.Length == 0 ? 0 : starts[0]),
            starts.Length == 0 ? 0 : (long)(starts[^1] + (ulong)runs[^1].Length - starts[0]))
    {
        _starts = starts;
        _runs = runs;
    }

    /// <summary>The number of pages, of 4096 bytes.</summary>
    public long PageCount => _runs.Sum(run => (long)run.Length) / LuoAbi.PageSize;

    internal override bool IsContiguous => false;

    /// <summary>Makes memory of pages.</summary>
    /// <param name="pages">Page-aligned addresses with 4096 bytes each, in any order. The bytes are copied.</param>
    /// <exception cref="ArgumentNullException"><paramref name="pages"/> is null.</exception>
    /// <exception cref="ArgumentException">An address is not aligned or given twice, or a page has another length.</exception>
    public static SparseMemory FromPages(IEnumerable<KeyValuePair<PhysicalAddress, byte[]>> pages)
    {
        ArgumentNullException.ThrowIfNull(pages);
        var builder = new Builder();
        foreach ((PhysicalAddress address, byte[] bytes) in pages.OrderBy(page => page.Key))
        {
            if (bytes.Length != LuoAbi.PageSize)
                throw new ArgumentException($"The page at {address} has {bytes.Length} bytes, not {LuoAbi.PageSize}.", nameof(pages));
            if (builder.Check(address.Value) is not null)
                throw new ArgumentException($"The page at {address} is not aligned, or is given twice.", nameof(pages));
            builder.Add(address.Value, bytes);
        }
        return builder.Build();
    }

    /// <summary>Reads captured pages: gzipped records of an address (u64, little-endian) and 4096 bytes, ascending by address.</summary>
    /// <param name="source">The gzipped stream, read to its end; it stays the caller's.</param>
    /// <param name="maxBytes">The most memory to take, in bytes of pages.</param>
    /// <exception cref="LiveUpdateImageException">
    /// Not gzip, empty, the last record is cut off, an address is not aligned or not above the one before, or more than
    /// <paramref name="maxBytes"/> (EINVAL).
    /// </exception>
    /// <exception cref="ArgumentNullException"><paramref name="source"/> is null.</exception>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    public static SparseMemory Load(Stream source, long maxBytes = DefaultMaxBytes)
    {
        ArgumentNullException.ThrowIfNull(source);
        using var records = new GZipStream(source, CompressionMode.Decompress, leaveOpen: true);
        var builder = new Builder();
        byte[] record = new byte[RecordSize];
        for (long offset = 0; ; offset += RecordSize)
        {
            int read = ReadRecord(records, record, offset);
            if (read == 0 && offset > 0)
                return builder.Build();
            if (read < RecordSize)
                throw Bad(offset, $"a record of {RecordSize} bytes", $"{read} bytes");
            ulong address = BinaryPrimitives.ReadUInt64LittleEndian(record);
            if (builder.Check(address) is { } expected)
                throw Bad(offset, expected, $"0x{address:x}");
            if (builder.Bytes + LuoAbi.PageSize > maxBytes)
                throw Bad(offset, $"at most {maxBytes} bytes of pages", "more");
            builder.Add(address, record.AsSpan(sizeof(ulong)));
        }
    }

    /// <inheritdoc/>
    public override KhoMemoryLease Lease()
    {
        ThrowIfDisposed();
        return new KhoMemoryLease(null);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
    }

    private protected override bool TryGetSpanSlow(PhysicalAddress address, int length, out Span<byte> span)
    {
        ThrowIfDisposed();
        span = default;
        int run = Array.BinarySearch(_starts, address.Value);
        run = run >= 0 ? run : ~run - 1;
        if (run < 0 || length < 0)
            return false;
        ulong offset = address.Value - _starts[run], size = (ulong)_runs[run].Length;
        if (offset > size || (ulong)length > size - offset)
            return false;
        span = _runs[run].AsSpan((int)offset, length);
        return true;
    }

    private static int ReadRecord(GZipStream records, byte[] record, long offset)
    {
        try
        {
            return records.ReadAtLeast(record, record.Length, throwOnEndOfStream: false);
        }
        catch (InvalidDataException exception)
        {
            throw new LiveUpdateImageException($"{Structure}: behind offset {offset} the data is not gzip.", exception);
        }
    }

    private static LiveUpdateImageException Bad(long offset, string expected, string found) =>
        new(
            LiveUpdateError.InvalidArgument, Structure, PhysicalAddress.None, (int)Math.Min(offset, int.MaxValue), expected, found);

    private sealed class Builder
    {
        private readonly List<ulong> _starts = [];
        private readonly List<byte[]> _runs = [];
        private readonly ArrayBufferWriter<byte> _run = new();
        private ulong _next;

        public long Bytes { get; private set; }

        /// <summary>What the next address must be, if <paramref name="address"/> is not that.</summary>
        public string? Check(ulong address)
        {
            if (address % LuoAbi.PageSize != 0 || address >> 52 != 0)
                return "the address of a page";
            return Bytes > 0 && address < _next ? $"an address of 0x{_next:x} or above" : null;
        }

        public void Add(ulong address, ReadOnlySpan<byte> page)
        {
            // A run that would not fit one array is continued in the next one.
            if (_starts.Count == 0 || address != _next || _run.WrittenCount == MaxRun)
            {
                EndRun();
                _starts.Add(address);
            }
            _run.Write(page);
            _next = address + LuoAbi.PageSize;
            Bytes += LuoAbi.PageSize;
        }

        public SparseMemory Build()
        {
            EndRun();
            return new SparseMemory([.. _starts], [.. _runs]);
        }

        private void EndRun()
        {
            if (_run.WrittenCount == 0)
                return;
            _runs.Add(_run.WrittenSpan.ToArray());
            _run.ResetWrittenCount();
        }
    }
}
