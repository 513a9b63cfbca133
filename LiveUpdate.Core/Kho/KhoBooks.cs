using LiveUpdate.Abi;

namespace LiveUpdate.Kho;

/// <summary>
/// The managed books of a generation over a memory, a few bytes a page of all that it can grow to. They can be made before the generation attaches, so that their
/// pages are there when the time counts.
/// </summary>
internal sealed class KhoBooks
{
    public KhoBooks(KhoMemory memory)
    {
        Pool = new PagePool(memory);
        Incoming = new byte[memory.MaxLength >> LuoAbi.PageShift];
    }

    /// <summary>Which pages are free, and who owns the others.</summary>
    public PagePool Pool { get; }

    /// <summary>What the predecessor preserved, for <see cref="IncomingPageMap"/>.</summary>
    public byte[] Incoming { get; }

    /// <summary>Writes to all of them once: the system gives a process its pages when they are first written.</summary>
    public void Touch()
    {
        Incoming.AsSpan().Clear();
        Pool.Touch();
    }
}
