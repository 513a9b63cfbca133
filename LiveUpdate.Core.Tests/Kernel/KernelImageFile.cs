using System.Buffers.Binary;
using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Kernel;

/// <summary>Images of kernels in a temporary file, which goes with it.</summary>
internal sealed class KernelImageFile : IDisposable
{
    private const int SetupSectors = 3;
    private const int PayloadOffset = 0x140;

    private KernelImageFile(ReadOnlySpan<byte> bytes) => File.WriteAllBytes(Path, bytes);

    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), System.IO.Path.GetRandomFileName());

    public static KernelImageFile Of(ReadOnlySpan<byte> bytes) => new(bytes);

    /// <summary>A bzImage around a packed payload of the fixtures, as the boot protocol of x86 lays it out.</summary>
    public static KernelImageFile BzImage(string compression, Action<byte[]>? damage = null) => BzImage(Payload(compression), damage);

    public static KernelImageFile BzImage(ReadOnlySpan<byte> payload, Action<byte[]>? damage = null)
    {
        int start = ((SetupSectors + 1) * 512) + PayloadOffset;
        byte[] image = new byte[start + payload.Length + sizeof(uint) + 1000];
        image[0x1f1] = SetupSectors;
        "HdrS"u8.CopyTo(image.AsSpan(0x202));
        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(0x206), 0x20f);
        BinaryPrimitives.WriteInt32LittleEndian(image.AsSpan(0x248), PayloadOffset);
        BinaryPrimitives.WriteInt32LittleEndian(image.AsSpan(0x24c), payload.Length + sizeof(uint));
        payload.CopyTo(image.AsSpan(start));
        // Behind the payload stands its unpacked size, which no decompressor may take for more of it.
        BinaryPrimitives.WriteInt32LittleEndian(image.AsSpan(start + payload.Length), 25_656);
        damage?.Invoke(image);
        return new KernelImageFile(image);
    }

    public static byte[] Payload(string compression) =>
        File.ReadAllBytes(System.IO.Path.Combine(Repository.Root, "LiveUpdate.Core.Tests", "Fixtures", "kernel-payloads", compression));

    public void Dispose() => File.Delete(Path);
}
