using System.Buffers.Binary;
using LiveUpdate.Abi;
using LiveUpdate.Kho;

namespace LiveUpdate.Fuzzing.Targets;

/// <summary>
/// The hand-overs that real kernels wrote, as tools look at them. An input is a byte that chooses one, and changes of twelve bytes each:
/// which structure, where in it, and with which value.
/// </summary>
internal sealed class CapturedImageTarget : FuzzTarget
{
    private const int ChangeSize = sizeof(ushort) + sizeof(ushort) + sizeof(ulong);
    private const int WordsPerPage = LuoAbi.PageSize / sizeof(ulong);

    private readonly Captured[] _images = [.. CapturedFiles.Images.Select(static image => new Captured(image))];

    public override string Name => "captured-image";

    public override int MaxLength => 1 + (8 * ChangeSize);

    public override long MostAllocated => 4 << 20;

    public override int Cost => 8;

    public override IReadOnlyList<byte[]> Words => [.. _images.SelectMany(static image => image.Structures.Take(40)).Select(static address => BitConverter.GetBytes(address.Value))];

    public override IReadOnlyList<byte[]> Seeds =>
    [
        [0], [1], .. Enumerable.Range(0, 20).Select(i =>
        {
            byte[] input = new byte[1 + ChangeSize];
            BinaryPrimitives.WriteUInt16LittleEndian(input.AsSpan(1), (ushort)i);
            BinaryPrimitives.WriteUInt64LittleEndian(input.AsSpan(5), _images[0].Structures[i].Value);
            return input;
        }),
    ];

    public override string Run(ReadOnlyMemory<byte> input)
    {
        ReadOnlySpan<byte> bytes = input.Span;
        Captured image = _images[bytes.IsEmpty ? 0 : bytes[0] % _images.Length];
        var undo = new Stack<(PhysicalAddress Address, ulong Value)>();
        for (ReadOnlySpan<byte> rest = bytes.IsEmpty ? bytes : bytes[1..]; rest.Length >= ChangeSize; rest = rest[ChangeSize..])
        {
            PhysicalAddress page = image.Structures[BinaryPrimitives.ReadUInt16LittleEndian(rest) % image.Structures.Length];
            PhysicalAddress address = page + (BinaryPrimitives.ReadUInt16LittleEndian(rest[2..]) % WordsPerPage * sizeof(ulong));
            if (!image.Memory.TryGetSpan(address, sizeof(ulong), out Span<byte> word))
                continue;
            undo.Push((address, BinaryPrimitives.ReadUInt64LittleEndian(word)));
            rest.Slice(4, sizeof(ulong)).CopyTo(word);
        }

        try
        {
            LuoImage? luo = LuoImage.Read(KhoImage.Read(image.DeviceTree, image.Memory));
            return luo is null ? "nothing handed over" : Read;
        }
        catch (LiveUpdateImageException)
        {
            return Refused;
        }
        finally
        {
            foreach ((PhysicalAddress address, ulong value) in undo)
                BinaryPrimitives.WriteUInt64LittleEndian(image.Memory.GetSpan(address, sizeof(ulong)), value);
        }
    }

    protected override void Dispose(bool disposing)
    {
        foreach (Captured image in _images)
            image.Memory.Dispose();
        base.Dispose(disposing);
    }

    private sealed class Captured
    {
        public Captured(string name)
        {
            DeviceTree = CapturedFiles.DeviceTree(name);
            Memory = SparseMemory.Load(new MemoryStream(CapturedFiles.Pages(name)));
            KhoImage image = KhoImage.Read(DeviceTree, Memory);
            LuoImage luo = LuoImage.Read(image)!;
            Structures =
            [
                image.PreservedMemoryMap, luo.Root.Sessions, luo.Root.Flbs,
                .. luo.Sessions.SelectMany(static session => session.Files.SelectMany(Parts).Prepend(session.FilesAddress)).Where(static part => !part.IsNone),
            ];
        }

        public byte[] DeviceTree { get; }

        public SparseMemory Memory { get; }

        public PhysicalAddress[] Structures { get; }

        private static IEnumerable<PhysicalAddress> Parts(LuoImageFile file) =>
            file.Memfd is { } memfd ? [file.Data.Address, .. memfd.FolioChunks, .. memfd.FolioPages] : [file.Data.Address];
    }
}
