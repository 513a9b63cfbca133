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
    private static readonly PageOwner s_sessionBlocks = new("incoming session blocks");

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

    /// <summary>The chain of session blocks; null for none. Deserialization takes it.</summary>
    public IncomingBlockSet? Sessions { get; private set; }

    /// <summary>The FLBs by name: data handle and number of files.</summary>
    public Dictionary<string, (ulong Data, ulong Files)> Flbs { get; } = new(StringComparer.Ordinal);

    /// <summary>The library's own record; null if another implementation wrote the image.</summary>
    public LuoCoreSer? Core { get; private set; }

    /// <summary>Reads the image.</summary>
    /// <returns>Null if there is none: a clean start.</returns>
    /// <exception cref="LiveUpdateImageException">It is damaged, or of another version.</exception>
    public static IncomingImage? Read(KexecHandover memory)
    {
        if (!memory.TryGetSubtree(LuoAbi.SubtreeName, out KhoSubtree subtree))
            return null;
        int size = (int)Math.Min(subtree.Size, LuoAbi.PageSize);
        LuoRoot root = LuoRootSerializer.Read(memory.GetIncomingSpan(subtree.Address, size, "LUO root record"), subtree.Address);
        var image = new IncomingImage(root.LiveUpdateNumber, subtree, root.Flbs)
        {
            Sessions = root.Sessions.IsNone
                ? null
                : IncomingBlockSet.Open(memory, root.Sessions, LuoAbi.SessionSize, "session block", s_sessionBlocks),
        };
        image.ReadFlbs(memory);
        image.ReadCore(memory);
        return image;
    }

    /// <summary>Releases what only the parse needed, after the commit (reference O-06; the kernel leaks the FLB page).</summary>
    public void Release(KexecHandover memory)
    {
        memory.TryRestoreAndFree(Root.Address);
        memory.TryRestoreAndFree(FlbPage);
        if (memory.TryGetSubtree(LuoCoreSer.SubtreeName, out KhoSubtree core))
            memory.TryRestoreAndFree(core.Address);
    }

    private void ReadFlbs(KexecHandover memory)
    {
        if (FlbPage.IsNone)
            return;
        Span<byte> copy = stackalloc byte[LuoAbi.PageSize];
        memory.GetIncomingSpan(FlbPage, LuoAbi.PageSize, "FLB page").CopyTo(copy);
        foreach (FlbRecord record in Serialization.FlbPage.Read(copy, FlbPage))
            Flbs.TryAdd(FixedString.Decode(record.Name), (record.Data.Value, record.Count));
    }

    private void ReadCore(KexecHandover memory)
    {
        if (memory.TryGetSubtree(LuoCoreSer.SubtreeName, out KhoSubtree subtree))
        {
            int size = (int)Math.Min(subtree.Size, LuoAbi.PageSize);
            Core = CoreRecord.Read(memory.GetIncomingSpan(subtree.Address, size, "core record"), subtree.Address);
        }
    }
}
