using LiveUpdate.Kho;

namespace LiveUpdate.Fuzzing.Targets;

/// <summary>The root device tree of a hand-over (reference 2.8).</summary>
internal sealed class DeviceTreeTarget : RecordTarget
{
    public override string Name => "device-tree";

    public override IReadOnlyList<byte[]> Words =>
        [[0, 0, 0, 1], [0, 0, 0, 2], [0, 0, 0, 3], [0, 0, 0, 4], [0, 0, 0, 9], [0, 0, 0, 8], [0xd0, 0x0d, 0xfe, 0xed], [.. "kho-v4\0"u8]];

    public override IReadOnlyList<byte[]> Seeds { get; } =
        [CapturedFiles.DeviceTree("three-sessions"), CapturedFiles.DeviceTree("mixed-sessions"), Tree(0), Tree(12)];

    protected override void ReadAll(ReadOnlySpan<byte> bytes)
    {
        KhoRootTree tree = KhoRootTree.Read(bytes, PhysicalAddress.None);
        foreach (string name in tree.Names)
            tree.TryGet(name, out _);
        tree.TryGet("LUO", out _);
    }

    private static byte[] Tree(int subtrees)
    {
        var tree = new KhoRootTree(KhoMemory.DefaultBase);
        for (int i = 0; i < subtrees; i++)
            tree.Add($"subtree-{i}", new KhoSubtree(KhoMemory.DefaultBase + (i * 4096L), i));
        byte[] bytes = new byte[tree.EncodedLength];
        tree.Write(bytes);
        return bytes;
    }
}
