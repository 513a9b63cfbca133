using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using LiveUpdate.Abi;
using LiveUpdate.Kho;
using LiveUpdate.Serialization;

namespace LiveUpdate;

/// <summary>
/// What the previous generation handed over, parsed and bounded but not yet deserialized (reference O-03).
/// </summary>
/// <remarks>Order of the checks: entry, size, version, counter, chain of session blocks, FLB page. Reading writes nothing.</remarks>
internal sealed class IncomingImage
{
    private IncomingImage(ulong number, KhoSubtree root, PhysicalAddress flbPage)
    {
        Number = number;
        Root = root;
        FlbPage = flbPage;
    }

    /// <summary>The number of the hand-over that brought it: 1 for the first.</summary>
    public ulong Number { get; }

    /// <summary>The root record.</summary>
    public KhoSubtree Root { get; }

    /// <summary>The FLB page.</summary>
    public PhysicalAddress FlbPage { get; }

    /// <summary>The chain of session blocks; null for none.</summary>
    public IncomingBlockSet? Sessions { get; private init; }

    /// <summary>The table of descriptor slots; null for none.</summary>
    public IncomingBlockSet? Slots { get; private set; }

    /// <summary>The table of file names; null for none.</summary>
    public IncomingBlockSet? Names { get; private set; }

    /// <summary>The FLBs by name: data handle and number of files.</summary>
    public Dictionary<string, (ulong Data, ulong Files)> Flbs { get; } = new(StringComparer.Ordinal);

    /// <summary>The library's own record; null if another implementation wrote the image.</summary>
    public LuoCoreSer? Core { get; private set; }

    /// <summary>Which sessions of the kernel carried the descriptors; null unless the hand-over was across a kernel.</summary>
    public CarrierSer? Carrier { get; private set; }

    /// <summary>The table of those sessions; null for none.</summary>
    public IncomingBlockSet? CarriedSessions { get; private set; }

    /// <summary>Reads the image.</summary>
    /// <returns>Null if there is none: a clean start.</returns>
    /// <exception cref="LiveUpdateImageException">It is damaged, or of another version.</exception>
    public static IncomingImage? Read(KexecHandover memory)
    {
        if (!memory.TryGetSubtree(LuoAbi.SubtreeName, out KhoSubtree subtree))
            return null;
        LuoRoot root = LuoRootSerializer.Read(GetBlob(memory, subtree, "LUO root record"), subtree.Address);
        var image = new IncomingImage(root.LiveUpdateNumber, subtree, root.Flbs)
        {
            Sessions = root.Sessions.IsNone
                ? null
                : IncomingBlockSet.Open(memory, root.Sessions, LuoAbi.SessionSize, "session block", new PageOwner("incoming session blocks")),
        };
        Claim(memory, subtree.Address, "LUO root record");
        image.ReadFlbs(memory);
        image.ReadCore(memory);
        return image;
    }

    /// <summary>Reads the slots of the descriptors that travelled beside the memory; null where a slot is free.</summary>
    /// <exception cref="LiveUpdateImageException">The table is damaged.</exception>
    public DescriptorSlotSer?[] ReadSlots()
    {
        if (Slots is not { } blocks)
            return [];
        var slots = new DescriptorSlotSer?[blocks.EntryCount];
        Span<byte> buffer = stackalloc byte[LuoAbi.PageSize];
        int next = 0;
        for (int block = 0; block < blocks.BlockCount; block++)
        {
            int entries = blocks.ReadBlock(block, buffer);
            foreach (DescriptorSlotSer slot in MemoryMarshal.Cast<byte, DescriptorSlotSer>(
                buffer.Slice(LuoAbi.BlockHeaderSize, entries * DescriptorSlotSer.Size)))
            {
                if (next == slots.Length)
                    return slots;
                slots[next++] = slot.State != 0 ? slot : null;
            }
        }

        return slots;
    }

    /// <summary>Compares the slots with the descriptors that arrived, block by block and without an allocation.</summary>
    /// <param name="arrived">Device and inode of each that arrived, by slot; the number is not compared.</param>
    /// <returns>The first slot that differs; -1 for none.</returns>
    /// <exception cref="LiveUpdateImageException">The table is damaged.</exception>
    [MethodImpl(WithinPause.Compiled)]
    public int FindOtherSlot(ReadOnlySpan<DescriptorSlotSer> arrived)
    {
        int next = 0;
        if (Slots is { } blocks)
        {
            Span<byte> buffer = stackalloc byte[LuoAbi.PageSize];
            for (int block = 0; block < blocks.BlockCount; block++)
            {
                int entries = blocks.ReadBlock(block, buffer);
                foreach (ref readonly DescriptorSlotSer slot in MemoryMarshal.Cast<byte, DescriptorSlotSer>(
                    buffer.Slice(LuoAbi.BlockHeaderSize, entries * DescriptorSlotSer.Size)))
                {
                    DescriptorSlotSer other = next < arrived.Length ? arrived[next] : default;
                    if (slot.State != other.State || slot.Device != other.Device || slot.Inode != other.Inode)
                        return next;
                    next++;
                }
            }
        }

        for (; next < arrived.Length; next++)
        {
            if (arrived[next].State != 0)
                return next;
        }

        return -1;
    }

    /// <summary>Releases what only the parse needed, after the commit (reference O-06; the kernel leaks the FLB page).</summary>
    public void Release(KexecHandover memory)
    {
        Slots?.Dispose();
        CarriedSessions?.Dispose();
        if (Core?.CarrierPa is { } carrier and not 0)
            memory.TryRestoreAndFree(new PhysicalAddress(carrier));
        memory.TryRestoreAndFree(Root.Address);
        memory.TryRestoreAndFree(FlbPage);
        if (memory.TryGetSubtree(LuoCoreSer.SubtreeName, out KhoSubtree core))
            memory.TryRestoreAndFree(core.Address);
    }

    /// <summary>What can be looked at of a blob: its first page at most, nothing of an empty one.</summary>
    private static ReadOnlySpan<byte> GetBlob(KexecHandover memory, KhoSubtree subtree, string structure) =>
        subtree.Size == 0 ? default : memory.GetIncomingSpan(subtree.Address, (int)Math.Min(subtree.Size, LuoAbi.PageSize), structure);

    /// <summary>Notes that a page is spoken for, so that nothing else in the image leads to it and it can be released after the commit.</summary>
    private static void Claim(KexecHandover memory, PhysicalAddress page, string structure)
    {
        if (!memory.TryClaim(page, out _))
        {
            throw new LiveUpdateImageException(
                LiveUpdateError.InvalidArgument, structure, page, 0, "the start of a preserved block of its own", "none, or one that something else refers to");
        }
    }

    private void ReadFlbs(KexecHandover memory)
    {
        if (FlbPage.IsNone)
            return;
        Span<byte> copy = stackalloc byte[LuoAbi.PageSize];
        memory.GetIncomingSpan(FlbPage, LuoAbi.PageSize, "FLB page").CopyTo(copy);
        Claim(memory, FlbPage, "FLB page");
        foreach (FlbRecord record in Serialization.FlbPage.Read(copy, FlbPage))
            Flbs.TryAdd(FixedString.Decode(record.Name), (record.Data.Value, record.Count));
    }

    private void ReadCore(KexecHandover memory)
    {
        if (memory.TryGetSubtree(LuoCoreSer.SubtreeName, out KhoSubtree subtree))
        {
            LuoCoreSer core = CoreRecord.Read(GetBlob(memory, subtree, "core record"), subtree.Address);
            Claim(memory, subtree.Address, "core record");
            Core = core;
            if (core.NamesPa != 0)
            {
                Names = IncomingBlockSet.Open(
                    memory, new PhysicalAddress(core.NamesPa), FileNameSer.Size, "file name block", new PageOwner("incoming file names"));
            }

            if (core.DescriptorsPa != 0)
            {
                Slots = IncomingBlockSet.Open(
                    memory,
                    new PhysicalAddress(core.DescriptorsPa),
                    DescriptorSlotSer.Size,
                    "descriptor slot block",
                    new PageOwner("incoming descriptor slots"));
            }

            if (core.CarrierPa != 0)
                ReadCarrier(memory, new PhysicalAddress(core.CarrierPa));
        }
    }

    private void ReadCarrier(KexecHandover memory, PhysicalAddress address)
    {
        var record = MemoryMarshal.Read<CarrierSer>(memory.GetIncomingSpan(address, CarrierSer.Size, "carrier record"));
        LiveUpdate.CarriedSessions.Check(record, address);
        Claim(memory, address, "carrier record");
        Carrier = record;
        if (record.SessionsPa != 0)
        {
            CarriedSessions = IncomingBlockSet.Open(
                memory,
                new PhysicalAddress(record.SessionsPa),
                CarriedSessionSer.Size,
                "carried session block",
                new PageOwner("incoming carried sessions"));
        }
    }
}
