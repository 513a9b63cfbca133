using CommunityToolkit.HighPerformance;
using LiveUpdate.Tests.Kernel;

namespace LiveUpdate.Fuzzing.Targets;

/// <summary>Images of kernels, packed in six ways.</summary>
internal sealed class KernelImageTarget : FuzzTarget
{
    public override string Name => "kernel-image";

    public override int MaxLength => 8192;

    public override int Cost => 40;

    // Two windows of LZ4, or the dictionary that a packed kernel asks for.
    public override long MostAllocated => 300 << 20;

    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        .. CapturedFiles.KernelPayloads.Select(static payload => KernelImageBytes.BzImage(payload)),
        .. CapturedFiles.KernelPayloads,
        [.. "\u007fELF"u8, .. "\0luo-v5\0kho-v4\0memfd-v2\0"u8],
        [.. new byte[0x38], .. "ARMd"u8, .. new byte[8], .. "\0luo-v7\0"u8],
    ];

    public override string Run(ReadOnlyMemory<byte> input)
    {
        try
        {
            using Stream image = input.AsStream();
            return KernelAbi.OfStream(image, Name).LiveUpdate.IsEmpty ? "no version" : Read;
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException)
        {
            return Refused;
        }
    }
}
