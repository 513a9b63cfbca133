using System.Runtime.Versioning;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Kho;

/// <summary>
/// Memory that grows: memfds one behind the other in one reserved stretch of address space, each of which travels by itself.
/// </summary>
/// <remarks>
/// <para>For a kernel that preserves a memfd allocates and pins every page of it and freezes its size (reference M-12, M-16): memory of one
/// memfd would cost all that it may ever need. A segment is allocated whole when it is made, so that nothing is left to do, or to fail,
/// later. It is as long as all before it, which keeps every block of pages aligned to its size; 1 MiB at first and 16 MiB at most.</para>
/// <para>What is not mapped yet is behind <see cref="KhoMemory.Length"/>, and no address leads there.</para>
/// </remarks>
[SupportedOSPlatform("linux")]
internal sealed class SegmentedMemory : KhoMemory
{
    /// <summary>The length of the first segment in bytes.</summary>
    public const long FirstSegment = 1L << 20;

    /// <summary>The length of a segment in bytes at most.</summary>
    public const long LargestSegment = 16L << 20;

    private readonly MappingHandle _space;
    private readonly List<SafeFileHandle> _segments = [];
    private readonly long _maxLength;
    private SegmentCarrier? _carrier;

    private unsafe SegmentedMemory(MappingHandle space, long maxLength)
        // Nothing of the stretch is within the length before it is mapped.
        : base(DefaultBase, 0, (byte*)space.DangerousGetHandle())
    {
        _space = space;
        _maxLength = maxLength;
    }

    /// <summary>The memfds in their order; owned by the memory.</summary>
    public IReadOnlyList<SafeFileHandle> Segments => _segments;

    /// <inheritdoc/>
    internal override long MaxLength => _maxLength;

    /// <summary>Makes memory of one segment.</summary>
    /// <param name="maxBytes">The length it may grow to, in bytes; rounded up to whole pages.</param>
    /// <param name="carrier">Gets every segment before it is used.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxBytes"/> is not positive, or too large.</exception>
    /// <exception cref="LiveUpdateException">The system or the carrier refuses.</exception>
    public static SegmentedMemory Create(long maxBytes, SegmentCarrier carrier)
    {
        long length = RoundUpToPages(maxBytes);
        var memory = new SegmentedMemory(MappingHandle.Reserve(length), length) { _carrier = carrier };
        try
        {
            memory.Grow();
            return memory;
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    /// <summary>Maps the segments that a generation before left. They do not travel on until <see cref="Carry"/>.</summary>
    /// <param name="segments">The memfds in their order, at least one. Owned by the memory, also if this throws.</param>
    /// <param name="maxBytes">The length it may grow to; at least that of the segments.</param>
    /// <exception cref="LiveUpdateException">One is no segment (EINVAL), or the system has no room.</exception>
    public static SegmentedMemory Open(IReadOnlyList<SafeFileHandle> segments, long maxBytes)
    {
        SegmentedMemory? memory = null;
        int taken = 0;
        try
        {
            // What a segment must be is checked before its length is believed, and the sum cannot overflow: see SharedMemoryFile.Check.
            long length = segments.Sum(SharedMemoryFile.Check);
            long maxLength = RoundUpToPages(Math.Max(length, maxBytes));
            memory = new SegmentedMemory(MappingHandle.Reserve(maxLength), maxLength);
            for (; taken < segments.Count; taken++)
                memory.Map(segments[taken]);
            return memory;
        }
        catch
        {
            memory?.Dispose();
            foreach (SafeFileHandle segment in segments.Skip(taken))
                segment.Dispose();
            throw;
        }
    }

    /// <summary>Has the segments travel from here on, those that are there and those to come; before the memory is used.</summary>
    /// <exception cref="LiveUpdateException">The carrier refuses one.</exception>
    public void Carry(SegmentCarrier carrier)
    {
        for (int number = 0; number < _segments.Count; number++)
            carrier.Add(number, _segments[number]);
        _carrier = carrier;
    }

    /// <inheritdoc/>
    public override KhoMemoryLease Lease()
    {
        ThrowIfDisposed();
        return new KhoMemoryLease(_space);
    }

    /// <inheritdoc/>
    internal override bool TryGrow(out LiveUpdateError error)
    {
        error = LiveUpdateError.OutOfMemory;
        if (Length == _maxLength || _carrier is null)
            return false;
        try
        {
            Grow();
            return true;
        }
        catch (LiveUpdateException exception)
        {
            error = exception.Error;
            return false;
        }
    }

    /// <inheritdoc/>
    internal override void Populate(long bytes) => _space.Populate(Math.Min(bytes, Length));

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _space.Dispose();
        foreach (SafeFileHandle segment in _segments)
            segment.Dispose();
    }

    // The carrier comes last: what it has taken it cannot give back.
    private void Grow()
    {
        long length = Math.Min(Math.Clamp(Length, FirstSegment, LargestSegment), _maxLength - Length);
        SafeFileHandle segment = SharedMemoryFile.CreateAllocated(length, $"liveupdate-{_segments.Count}");
        try
        {
            _space.MapFile(Length, segment, length);
            try
            {
                _carrier!.Add(_segments.Count, segment);
                _segments.Add(segment);
            }
            catch
            {
                _space.UnmapFile(Length, length);
                throw;
            }
        }
        catch
        {
            segment.Dispose();
            throw;
        }

        SetLength(Length + length);
    }

    private void Map(SafeFileHandle segment)
    {
        long length = SharedMemoryFile.Check(segment);
        if (length > _maxLength - Length)
            throw new LiveUpdateException(LiveUpdateError.InvalidArgument, "A segment of memory has become longer than it was.");
        _space.MapFile(Length, segment, length);
        _segments.Add(segment);
        SetLength(Length + length);
    }
}
