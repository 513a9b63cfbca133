using LiveUpdate.Abi;
using LiveUpdate.Serialization;

namespace LiveUpdate.Kho;

/// <summary>An array in scattered pages that a predecessor wrote, trusted only as far as it was checked (reference 2.7, A-51).</summary>
/// <remarks>
/// <see cref="Open"/> only reads, and so can be called before the commit; <see cref="Restore"/> takes the pages over after it. Not safe for
/// threads.
/// </remarks>
public sealed class IncomingVmallocArray : IDisposable
{
    private readonly KexecHandover _kho;
    private readonly VmallocDescriptor _descriptor;
    private readonly string _structure;
    private readonly List<PhysicalAddress> _content;
    private readonly IncomingBlocks _blocks;

    private IncomingVmallocArray(
        KexecHandover kho, VmallocDescriptor descriptor, string structure, List<PhysicalAddress> content, IncomingBlocks blocks)
    {
        _kho = kho;
        _descriptor = descriptor;
        _structure = structure;
        _content = content;
        _blocks = blocks;
    }

    /// <summary>The length in bytes, a multiple of the page size.</summary>
    public long Length => (long)_descriptor.ByteLength;

    /// <summary>Follows and checks the chunks of an array.</summary>
    /// <param name="kho">The generation that received it.</param>
    /// <param name="descriptor">The array; one that is none is empty.</param>
    /// <param name="structure">What the array is, for messages, e.g. <c>folio array</c>.</param>
    /// <param name="owner">Who holds the pages after <see cref="Restore"/>.</param>
    /// <exception cref="LiveUpdateImageException">
    /// The descriptor is not possible, a chunk or page was not preserved on its own, comes twice or was restored, or the pages do not add
    /// up to the total (EINVAL).
    /// </exception>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ObjectDisposedException">The generation is over.</exception>
    public static IncomingVmallocArray Open(KexecHandover kho, VmallocDescriptor descriptor, string structure, PageOwner owner)
    {
        ArgumentNullException.ThrowIfNull(kho);
        ArgumentNullException.ThrowIfNull(structure);
        ArgumentNullException.ThrowIfNull(owner);
        List<PhysicalAddress> chunks = [], content = [];
        VmallocChain.Walk(kho, descriptor, structure, chunks, content);
        int chunkCount = chunks.Count;
        chunks.AddRange(content);
        var blocks = IncomingBlocks.Claim(kho, chunks, index => index < chunkCount ? 0 : descriptor.Order, structure, owner);
        return new IncomingVmallocArray(kho, descriptor, structure, content, blocks);
    }

    /// <summary>Copies a part of the content, over the borders of pages.</summary>
    /// <param name="offset">The position in the content, in bytes.</param>
    /// <param name="destination">Where to; its length says how much.</param>
    /// <exception cref="ArgumentOutOfRangeException">The part does not lie in the content.</exception>
    /// <exception cref="ObjectDisposedException">The array has been disposed.</exception>
    public void Read(long offset, Span<byte> destination)
    {
        if (offset < 0 || offset > Length || destination.Length > Length - offset)
            throw new ArgumentOutOfRangeException(nameof(offset), offset, $"An array of {Length} bytes has no such {destination.Length}.");
        ObjectDisposedException.ThrowIf(_blocks.Count == 0 && Length > 0, this);
        int shift = LuoAbi.PageShift + _descriptor.Order;
        while (!destination.IsEmpty)
        {
            int start = (int)(offset & ((1L << shift) - 1));
            int count = Math.Min((1 << shift) - start, destination.Length);
            PhysicalAddress block = _content[(int)(offset >> shift)];
            _kho.GetIncomingSpan(block + start, count, _structure).CopyTo(destination);
            destination = destination[count..];
            offset += count;
        }
    }

    /// <summary>Takes the pages over in the account, after the commit. Idempotent.</summary>
    /// <exception cref="LiveUpdateImageException">Somebody else has restored a page (EINVAL); the others are freed.</exception>
    /// <exception cref="InvalidOperationException">The generation is not active, or a hand-over is written.</exception>
    /// <exception cref="ObjectDisposedException">The generation is over.</exception>
    public void Restore() => _blocks.Restore();

    /// <summary>
    /// Frees all pages of an active generation. Before the commit nothing is freed; after the end of the generation, and while a hand-over
    /// is written, nothing happens. Idempotent.
    /// </summary>
    public void Dispose() => _blocks.Dispose();
}
