using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using SharpCompress.Compressors.BZip2;
using SharpCompress.Compressors.LZMA;
using SharpCompress.Compressors.Xz;
using SharpCompress.Compressors.ZStandard;

namespace LiveUpdate;

/// <summary>Finds the kernel proper in an image, and unpacks it.</summary>
internal static class KernelImageFormat
{
    // The boot protocol of x86: a setup header in the first sectors says where the payload lies behind them.
    private const int SetupHeaderEnd = 0x250;
    private const int SectorSize = 512;
    private const int LeastVersion = 0x208;

    // The setup code is at most 64 sectors; what is larger is no image.
    private const int MostSetupSectors = 64;

    private const int Arm64HeaderEnd = 0x40;
    private const int MagicSize = 6;
    private const int LzmaHeaderSize = 13;

    private static ReadOnlySpan<byte> Gzip => [0x1f, 0x8b];

    /// <summary>The kernel in an image, as a stream to be read once; owns <paramref name="image"/> from then on.</summary>
    /// <exception cref="InvalidDataException">The image is of no known kind.</exception>
    public static Stream Unpack(Stream image)
    {
        Span<byte> head = stackalloc byte[SetupHeaderEnd];
        int length = image.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        head = head[..length];
        if (length == SetupHeaderEnd && head.Slice(0x202, 4).SequenceEqual("HdrS"u8))
            return UnpackBzImage(image, head);
        image.Position = 0;
        if (head.StartsWith("\u007fELF"u8) || (length >= Arm64HeaderEnd && head.Slice(0x38, 4).SequenceEqual("ARMd"u8)))
            return image;
        return Decompress(image, image.Length, head);
    }

    private static Stream UnpackBzImage(Stream image, ReadOnlySpan<byte> head)
    {
        int version = BinaryPrimitives.ReadUInt16LittleEndian(head[0x206..]);
        if (version < LeastVersion)
            throw Bad(0x206, "a boot protocol of 2.08 or later", $"{version >> 8}.{version & 0xff:D2}");
        int sectors = head[0x1f1] == 0 ? 4 : head[0x1f1];
        if (sectors > MostSetupSectors)
            throw Bad(0x1f1, $"at most {MostSetupSectors} sectors of setup code", sectors.ToString(CultureInfo.InvariantCulture));
        uint offset = BinaryPrimitives.ReadUInt32LittleEndian(head[0x248..]);
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(head[0x24c..]);
        long start = ((sectors + 1L) * SectorSize) + offset;
        if (length < MagicSize || start + length > image.Length)
            throw Bad(0x248, $"a payload within the {image.Length} bytes", $"one of {length} bytes at {start}");
        image.Position = start;
        Span<byte> magic = stackalloc byte[MagicSize];
        image.ReadExactly(magic);
        image.Position = start;
        // Behind everything but gzip, which has it itself, stands the unpacked size.
        long packed = magic.StartsWith(Gzip) ? length : length - sizeof(uint);
        return Decompress(new Section(image, packed), packed, magic);
    }

    private static Stream Decompress(Stream packed, long length, ReadOnlySpan<byte> magic) => magic switch
    {
        [0x1f, 0x8b, ..] => new GZipStream(packed, CompressionMode.Decompress),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => new DecompressionStream(packed, leaveOpen: false),
        [0xfd, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0, ..] => new XZStream(packed),
        [(byte)'B', (byte)'Z', (byte)'h', ..] =>
            BZip2Stream.Create(packed, SharpCompress.Compressors.CompressionMode.Decompress, decompressConcatenated: false),
        [0x5d, 0, 0, ..] => Lzma(packed, length),
        [0x02, 0x21, 0x4c, 0x18, ..] => new LegacyLz4Stream(packed, length),
        [0x7f, (byte)'E', (byte)'L', (byte)'F', ..] => packed,
        _ => throw Bad(0, "an image of a kernel, or a compression that kernels have", $"the bytes {Convert.ToHexString(magic)}"),
    };

    private static LzmaStream Lzma(Stream packed, long length)
    {
        const int PropertiesSize = 5;
        byte[] header = new byte[LzmaHeaderSize];
        packed.ReadExactly(header);
        return LzmaStream.Create(header[..PropertiesSize], packed, length - LzmaHeaderSize, outputSize: -1);
    }

    private static InvalidDataException Bad(int offset, string expected, string found) =>
        new($"offset 0x{offset:x}: expected {expected}, found {found}");
}
