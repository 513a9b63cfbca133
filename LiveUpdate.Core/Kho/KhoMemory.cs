using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Versioning;
using LiveUpdate.Abi;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Kho;

/// <summary>
/// Memory that one generation hands to the next: what physical memory is to Kexec HandOver (reference, part 1: preserved memory).
/// </summary>
/// <remarks>
/// <para>
/// Addresses are numbers that every generation understands in the same way (reference A-04): <see cref="Base"/> plus an offset, wherever
/// the process maps the memory. The unit is the page, 4096 bytes (reference A-03). What lies in it is managed by
/// <see cref="KexecHandover"/>.
/// </para>
/// <para>
/// Safe for threads, in the sense that every member may be called at any time. A span must not be used after <see cref="Dispose()"/>
/// unless a lease (<see cref="Lease"/>) that was taken before is still open: a lease keeps the memory mapped.
/// </para>
/// </remarks>
public abstract class KhoMemory : IDisposable
{
    /// <summary>
    /// The address of the first byte of memory that this library makes: 4 GiB, so that every block is aligned to its size.
    /// </summary>
    public static PhysicalAddress DefaultBase => new(0x1_0000_0000);

    private readonly ulong _base;
    private ulong _length;
    private unsafe byte* _start;
    private KexecHandover? _active;
    private volatile bool _disposed;

    /// <summary>Memory that is not one stretch; <see cref="TryGetSpanSlow"/> answers for it.</summary>
    private protected KhoMemory(PhysicalAddress baseAddress, long length)
    {
        _base = baseAddress.Value;
        _length = (ulong)length;
    }

    /// <summary>Memory that is one stretch, mapped at <paramref name="start"/>.</summary>
    private protected unsafe KhoMemory(PhysicalAddress baseAddress, long length, byte* start)
        : this(baseAddress, length) => _start = start;

    /// <summary>The address of the first byte, page-aligned.</summary>
    public PhysicalAddress Base => new(_base);

    /// <summary>The length in bytes from the first byte to the last, a multiple of the page size.</summary>
    public long Length => (long)_length;

    /// <summary>The memfd that holds the memory, owned by this object; null for memory of one process.</summary>
    public virtual SafeFileHandle? SharedFile => null;

    /// <summary>Whether the memory is one stretch, so that every address from <see cref="Base"/> on is there.</summary>
    internal virtual bool IsContiguous => true;

    /// <summary>The length that the memory can grow to, in bytes; <see cref="Length"/> for memory that does not grow.</summary>
    internal virtual long MaxLength => Length;

    /// <summary>Makes zeroed memory of this process: an anonymous mapping on Linux, native memory elsewhere.</summary>
    /// <param name="bytes">The length in bytes; rounded up to whole pages.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="bytes"/> is not positive, or too large for the address space.
    /// </exception>
    /// <exception cref="LiveUpdateException">The system has no room (ENOMEM).</exception>
    public static KhoMemory Allocate(long bytes) => MappedMemory.Allocate(RoundUpToPages(bytes));

    /// <summary>Takes a byte array as memory, content and all; the array is pinned until the memory is disposed.</summary>
    /// <param name="array">
    /// The array, still the caller's. Best one of <c>GC.AllocateArray&lt;byte&gt;(length, pinned: true)</c>, which the collector need not
    /// step around. <see cref="Base"/> is the first page boundary in it, and so one page of it may stay unused: make it one page longer.
    /// </param>
    /// <exception cref="ArgumentNullException"><paramref name="array"/> is null.</exception>
    /// <exception cref="ArgumentException">There is no whole aligned page in the array.</exception>
    public static KhoMemory FromPinnedArray(byte[] array)
    {
        ArgumentNullException.ThrowIfNull(array);
        return MappedMemory.Pin(array);
    }

    /// <summary>Makes zeroed memory in a memfd, to be handed to another process.</summary>
    /// <param name="bytes">The length in bytes; rounded up to whole pages.</param>
    /// <param name="name">The name of the memfd, for people who look at the process.</param>
    /// <remarks>
    /// The memfd is closed on exec, sealed against growing, shrinking and further seals, and made with <c>MFD_EXEC</c> where the system
    /// knows it and allows it: a memfd with an exec seal would come back write-sealed from a real live update (reference M-24).
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="bytes"/> is not positive, or too large for the address space.
    /// </exception>
    /// <exception cref="ArgumentNullException"><paramref name="name"/> is null.</exception>
    /// <exception cref="LiveUpdateException">The system refuses, e.g. for want of room (ENOMEM) or of descriptors (EMFILE).</exception>
    [SupportedOSPlatform("linux")]
    public static KhoMemory CreateShared(long bytes, string name = "liveupdate")
    {
        ArgumentNullException.ThrowIfNull(name);
        return MappedMemory.MapOwned(SharedMemoryFile.Create(RoundUpToPages(bytes), name));
    }

    /// <summary>Maps memory that another process made with <see cref="CreateShared"/>.</summary>
    /// <param name="handle">The memfd. Owned by the memory from here on, and closed when this method throws.</param>
    /// <exception cref="ArgumentNullException"><paramref name="handle"/> is null.</exception>
    /// <exception cref="LiveUpdateException">
    /// Not a memfd, not sealed against growing and shrinking (its owner could pull the memory away), sealed against writing, or its length
    /// is not a positive multiple of the page size (EINVAL); or the system refuses the mapping.
    /// </exception>
    [SupportedOSPlatform("linux")]
    public static KhoMemory OpenShared(SafeFileHandle handle)
    {
        ArgumentNullException.ThrowIfNull(handle);
        return MappedMemory.MapOwned(handle);
    }

    /// <summary>The bytes at an address.</summary>
    /// <param name="address">The first byte.</param>
    /// <param name="length">How many, in bytes; 0 is allowed.</param>
    /// <returns>
    /// The memory itself, not a copy; valid until <see cref="Dispose()"/>, or until the last open lease is disposed if that is later.
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The bytes are not all in this memory, or <paramref name="length"/> is negative.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The memory has been disposed.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public unsafe Span<byte> GetSpan(PhysicalAddress address, int length)
    {
        byte* start = _start;
        ulong offset = address.Value - _base;
        // A stretch of _length bytes is mapped at _start while _start is not null, and the sum cannot overflow because both are below 2^63.
        // The length only ever rises.
        if (start != null && length >= 0 && offset <= _length && (ulong)(uint)length <= _length - offset)
            return new Span<byte>(start + offset, length);
        return GetSpanSlow(address, length);
    }

    /// <summary>The bytes at an address, if they are all in this memory.</summary>
    /// <param name="address">The first byte.</param>
    /// <param name="length">How many, in bytes; 0 is allowed.</param>
    /// <param name="span">The memory itself, as <see cref="GetSpan"/> gives it; empty when the result is false.</param>
    /// <exception cref="ObjectDisposedException">The memory has been disposed.</exception>
    public unsafe bool TryGetSpan(PhysicalAddress address, int length, out Span<byte> span)
    {
        byte* start = _start;
        ulong offset = address.Value - _base;
        // As in GetSpan.
        if (start != null && length >= 0 && offset <= _length && (ulong)(uint)length <= _length - offset)
        {
            span = new Span<byte>(start + offset, length);
            return true;
        }
        return TryGetSpanSlow(address, length, out span);
    }

    /// <summary>Keeps the memory mapped until the lease is disposed, even if the memory is disposed before.</summary>
    /// <returns>The lease, owned by the caller. One that is never disposed keeps the memory for the life of the process.</returns>
    /// <exception cref="ObjectDisposedException">The memory has been disposed.</exception>
    public abstract KhoMemoryLease Lease();

    /// <summary>Gives the memory up; it is unmapped when no lease is open. Idempotent.</summary>
    public void Dispose()
    {
        _disposed = true;
        Forget();
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases what holds the memory.</summary>
    /// <param name="disposing">True: called by <see cref="Dispose()"/>.</param>
    protected abstract void Dispose(bool disposing);

    /// <summary>Has the first bytes mapped and read now, where the system can, so that their first use does not wait for it.</summary>
    internal virtual void Populate(long bytes)
    {
    }

    /// <summary>Makes the memory longer, by as much as it likes.</summary>
    /// <param name="error">Why not; ENOMEM for memory that does not grow, or not beyond what it has.</param>
    /// <returns>False if it is as it was.</returns>
    internal virtual bool TryGrow(out LiveUpdateError error)
    {
        error = LiveUpdateError.OutOfMemory;
        return false;
    }

    /// <summary>Makes a generation the one that owns the memory, and ends the one before it.</summary>
    internal void Activate(KexecHandover generation)
    {
        KexecHandover? previous = Interlocked.Exchange(ref _active, generation);
        if (previous != generation)
            previous?.End();
    }

    /// <summary>Answers for what <see cref="GetSpan"/> does not: memory that is not one stretch, and memory that is gone.</summary>
    private protected virtual bool TryGetSpanSlow(PhysicalAddress address, int length, out Span<byte> span)
    {
        ThrowIfDisposed();
        span = default;
        return false;
    }

    /// <summary>Throws when the memory has been given up.</summary>
    private protected void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(_disposed, typeof(KhoMemory));

    /// <summary>Lets in what has been mapped behind the end.</summary>
    private protected void SetLength(long length) => Volatile.Write(ref _length, (ulong)length);

    private Span<byte> GetSpanSlow(PhysicalAddress address, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if (!TryGetSpanSlow(address, length, out Span<byte> span))
            ThrowOutside(address, length);
        return span;
    }

    [DoesNotReturn]
    private void ThrowOutside(PhysicalAddress address, int length) =>
        throw new ArgumentOutOfRangeException(
            nameof(address), address, $"{length} bytes at {address} are not all in the memory, {Length} bytes from {Base}.");

    // Null is what tells GetSpan that nothing is mapped any more.
    private unsafe void Forget() => _start = null;

    private protected static long RoundUpToPages(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, (long)int.MaxValue << LuoAbi.PageShift);
        return (bytes + LuoAbi.PageSize - 1) & -LuoAbi.PageSize;
    }
}
