using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CsCheck;
using LiveUpdate.Abi;
using LiveUpdate.Serialization;

namespace LiveUpdate.Tests.Orchestrator;

/// <summary>Damages an image where it hurts: in its words that are not zero, with numbers that could be right.</summary>
internal sealed class ImageMutator
{
    private const int BootChecksumOffset = 92;
    private const int CoreChecksumOffset = 12;

    private readonly byte[] _image;
    private readonly ulong _base;

    // Offsets of the words that are not zero.
    private readonly int[] _words;
    private readonly int _core;

    public ImageMutator(byte[] image, PhysicalAddress memoryBase)
    {
        (_image, _base) = (image, memoryBase.Value);
        IEnumerable<int> offsets = Enumerable.Range(0, image.Length / sizeof(ulong)).Select(static i => i * sizeof(ulong));
        _words = [.. offsets.Where(offset => Word(offset) != 0)];
        _core = _words.First(offset => Word(offset) == LuoCoreSer.MagicNumber);
    }

    /// <summary>One change: what, where, and with which value.</summary>
    public static Gen<(int Kind, int Where, int Value)> Gen { get; } =
        CsCheck.Gen.Select(CsCheck.Gen.Int[0, 11], CsCheck.Gen.Int[0, int.MaxValue], CsCheck.Gen.Int[0, int.MaxValue]);

    /// <summary>A copy of the image with changes.</summary>
    /// <param name="mutations">The changes.</param>
    /// <param name="mendChecksums">Whether the library's own two records get right checksums, so that damage in them gets further.</param>
    public byte[] Apply(IEnumerable<(int Kind, int Where, int Value)> mutations, bool mendChecksums)
    {
        byte[] image = [.. _image];
        foreach ((int kind, int where, int value) in mutations)
            Apply(image, kind, where, value);
        if (mendChecksums)
        {
            Mend(image.AsSpan(0, Unsafe.SizeOf<KhoBootRecordSer>()), BootChecksumOffset, BootChecksumOffset);
            Mend(image.AsSpan(_core, LuoCoreSer.Size), CoreChecksumOffset, LuoCoreSer.Size);
        }

        return image;
    }

    private void Apply(byte[] image, int kind, int where, int value)
    {
        int offset = _words[where % _words.Length];
        Span<byte> word = image.AsSpan(offset, sizeof(ulong));
        switch (kind)
        {
            case 0 or 1:
                word[value % sizeof(ulong)] ^= (byte)(1 << (value / sizeof(ulong) % 8));
                break;
            case 2:
                image[where % image.Length] ^= (byte)(1 + (value % 255));
                break;
            case 3:
                Write(word, 0);
                break;
            case 4:
                Write(word, ulong.MaxValue >> (value % 64));
                break;
            case 5:
                Write(word, BinaryPrimitives.ReadUInt64LittleEndian(word) + (ulong)(value % 5) - 2);
                break;
            case 6:
                Write(word, (ulong)(value % 1024));
                break;
            case 7 or 8:
                Write(word, _base + ((ulong)(value % (_image.Length / LuoAbi.PageSize)) * LuoAbi.PageSize));
                break;
            case 9:
                Write(word, Word(_words[value % _words.Length]));
                break;
            case 10:
                Page(image, where).Clear();
                break;
            default:
                Page(image, value).CopyTo(Page(image, where));
                break;
        }
    }

    private static Span<byte> Page(byte[] image, int number) =>
        image.AsSpan(number % (image.Length / LuoAbi.PageSize) * LuoAbi.PageSize, LuoAbi.PageSize);

    private static void Write(Span<byte> word, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(word, value);

    private static void Mend(Span<byte> record, int checksumOffset, int length)
    {
        MemoryMarshal.Write(record[checksumOffset..], 0U);
        MemoryMarshal.Write(record[checksumOffset..], Crc32C.Of(record[..length]));
    }

    private ulong Word(int offset) => BinaryPrimitives.ReadUInt64LittleEndian(_image.AsSpan(offset));
}
