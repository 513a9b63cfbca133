using LiveUpdate.Abi;
using LiveUpdate.Serialization;

namespace LiveUpdate.Fuzzing.Targets;

/// <summary>The blob that says which kernel came before (reference 2.10).</summary>
internal sealed class KexecMetadataTarget : FuzzTarget
{
    public override string Name => "kexec-metadata";

    public override int MaxLength => 2 * KexecMetadataAbi.Size;

    public override IReadOnlyList<byte[]> Seeds { get; } = [Blob()];

    public override string Run(ReadOnlyMemory<byte> input)
    {
        if (!KexecMetadata.TryRead(input.Span, out KexecMetadata metadata))
            return Refused;
        Finding.Unless(!metadata.PreviousRelease.Contains((byte)0), "A release ends before its NUL.");
        return Read;
    }

    private static byte[] Blob()
    {
        byte[] blob = new byte[KexecMetadataAbi.Size];
        KexecMetadata.Write(blob, "7.3.0-rc1"u8, 4);
        return blob;
    }
}
