using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using LiveUpdate.Abi;
using LiveUpdate.Kho;
using LiveUpdate.Serialization;

namespace LiveUpdate.Tests.Infrastructure;

/// <summary>
/// The image in memory after a hand-over, record by record and writable, so that a test can check what was written, or damage it and boot.
/// </summary>
/// <remarks>The records have no checksum, as the kernel's have none; what is changed here is what the next generation reads.</remarks>
internal sealed class HandedOverImage(KhoMemory memory, Generation generation)
{
    public KhoMemory Memory { get; } = memory;

    /// <summary>Where the root record lies.</summary>
    public PhysicalAddress RootAddress
    {
        get
        {
            using KexecHandover view = KexecHandover.Attach(Memory);
            Assert.That(view.TryGetSubtree(LuoAbi.SubtreeName, out KhoSubtree root), Is.True);
            return root.Address;
        }
    }

    public ref LuoSer Root => ref At<LuoSer>(RootAddress);

    public IReadOnlyList<PhysicalAddress> SessionBlocks => Chain(Root.SessionsAddress);

    public int SessionCount => SessionBlocks.Sum(block => (int)Header(block).Count);

    public ref LuoFlbHeaderSer FlbHeader => ref At<LuoFlbHeaderSer>(new PhysicalAddress(Root.FlbsAddress));

    /// <summary>The sessions in the order of the image, each with its files as token and handle: <c>s(1:11001 2:11002) t()</c>.</summary>
    public string Sessions => string.Join(' ', Enumerable.Range(0, SessionCount).Select(Describe));

    /// <summary>The FLB records: <c>A:565:2 B:566:3</c>.</summary>
    public string Flbs => string.Join(' ', Enumerable.Range(0, (int)FlbHeader.Count).Select(number =>
    {
        LuoFlbSer flb = Flb(number);
        return $"{Text(flb.Name)}:{flb.Data}:{flb.Count}";
    }));

    /// <summary>A structure at an address.</summary>
    public ref T At<T>(PhysicalAddress address)
        where T : unmanaged => ref MemoryMarshal.AsRef<T>(Memory.GetSpan(address, Unsafe.SizeOf<T>()));

    public ref KhoBlockHeaderSer Header(PhysicalAddress block) => ref At<KhoBlockHeaderSer>(block);

    public ref LuoSessionSer Session(int number) => ref At<LuoSessionSer>(Entry(SessionBlocks, number, LuoAbi.SessionSize));

    public IReadOnlyList<PhysicalAddress> FileBlocks(int session) => Chain(Session(session).FileSet.FilesAddress);

    public ref LuoFileSer File(int session, int number) => ref At<LuoFileSer>(Entry(FileBlocks(session), number, LuoAbi.FileSize));

    public ref LuoFlbSer Flb(int number) =>
        ref At<LuoFlbSer>(new PhysicalAddress(Root.FlbsAddress) + LuoAbi.FlbHeaderSize + (number * LuoAbi.FlbSize));

    /// <summary>The blocks of a chain that is in order.</summary>
    public IReadOnlyList<PhysicalAddress> Chain(ulong head)
    {
        var blocks = new List<PhysicalAddress>();
        for (var block = new PhysicalAddress(head); !block.IsNone; block = new PhysicalAddress(Header(block).NextAddress))
            blocks.Add(block);
        return blocks;
    }

    /// <summary>Boots from it as it is now; the new generation ends with the one before.</summary>
    public Generation Boot(params FileHandler[] handlers) => generation.Own(Generation.Boot(Memory, handlers));

    public static string Text(ReadOnlySpan<byte> field) => Encoding.UTF8.GetString(FixedString.Read(field));

    private string Describe(int session)
    {
        LuoSessionSer record = Session(session);
        IEnumerable<string> files = Enumerable.Range(0, (int)record.FileSet.Count).Select(number =>
        {
            LuoFileSer file = File(session, number);
            return $"{file.Token}:{file.Data}";
        });
        return $"{Text(record.Name)}({string.Join(' ', files)})";
    }

    private PhysicalAddress Entry(IReadOnlyList<PhysicalAddress> blocks, int number, int size)
    {
        foreach (PhysicalAddress block in blocks)
        {
            int count = (int)Header(block).Count;
            if (number < count)
                return block + LuoAbi.BlockHeaderSize + (number * size);
            number -= count;
        }

        throw new ArgumentOutOfRangeException(nameof(number), number, "The image has no such entry.");
    }
}
