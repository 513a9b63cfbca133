using System.Buffers.Binary;

namespace LiveUpdate.Tests.Kernel;

/// <summary>Images of kernels as the boot protocol of x86 lays them out.</summary>
internal static class KernelImageBytes
{
    private const int SetupSectors = 3;
    private const int PayloadOffset = 0x140;

    /// <summary>A bzImage around a packed payload.</summary>
    public static byte[] BzImage(ReadOnlySpan<byte> payload)
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
        return image;
    }
}
