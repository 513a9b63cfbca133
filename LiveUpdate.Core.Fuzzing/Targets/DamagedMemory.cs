using System.Buffers.Binary;
using System.Runtime.InteropServices;
using LiveUpdate.Abi;
using LiveUpdate.Fuzzing.Running;
using LiveUpdate.Serialization;

namespace LiveUpdate.Fuzzing.Targets;

/// <summary>
/// An image in guarded memory, and damage where it hurts: in its words that are not zero, with numbers that could be right. An input is
/// the damage: a byte whose lowest bit says whether checksums are mended, and changes of nine bytes each.
/// </summary>
internal sealed class DamagedMemory : IDisposable
{
    /// <summary>The bytes of a change: what, where, and with which value.</summary>
    public const int ChangeSize = 1 + sizeof(uint) + sizeof(uint);

    /// <summary>The longest input: eight changes.</summary>
    public const int MaxLength = 1 + (8 * ChangeSize);

    private const int Kinds = 12;
    private const int EndKind = 10;
    private const int BootChecksumOffset = 92;

    private readonly byte[] _image;
    private readonly int[] _words;
    private readonly int _core;

    /// <summary>Takes over what a generation left.</summary>
    /// <param name="memory">The memory; owned by this object.</param>
    /// <param name="isDamaged">Which pages are; null for all.</param>
    public DamagedMemory(GuardedMemory memory, Func<PhysicalAddress, bool>? isDamaged = null)
    {
        Memory = memory;
        _image = memory.Bytes.ToArray();
        // The first word of a page may be the address of the next one where there is none.
        IEnumerable<int> words = Enumerable.Range(0, _image.Length / sizeof(ulong))
            .Select(static i => i * sizeof(ulong))
            .Where(offset => Word(offset) != 0 || offset % LuoAbi.PageSize == 0);
        _core = words.FirstOrDefault(offset => Word(offset) == LuoCoreSer.MagicNumber, -1);
        _words = [.. words.Where(offset => isDamaged?.Invoke(memory.Base + (offset & -LuoAbi.PageSize)) ?? true)];
    }

    /// <summary>The memory, as it is after <see cref="Damage"/>.</summary>
    public GuardedMemory Memory { get; }

    /// <summary>Inputs to begin with: none, and one change of each kind.</summary>
    public static IReadOnlyList<byte[]> Seeds { get; } =
        [[0], .. Enumerable.Range(0, Kinds).Select(static kind => Input([kind, 17 * kind, 3 * kind])), Input([0, 100, 9], [7, 40, 12], [5, 90, 1])];

    /// <summary>An image that ends too early.</summary>
    public static byte[] EndsAt(int page) => Input([EndKind, 0, page]);

    /// <summary>Makes an input.</summary>
    public static byte[] Input(params int[][] changes)
    {
        byte[] input = new byte[1 + (changes.Length * ChangeSize)];
        input[0] = 1;
        for (int i = 0; i < changes.Length; i++)
        {
            Span<byte> change = input.AsSpan(1 + (i * ChangeSize));
            change[0] = (byte)changes[i][0];
            BinaryPrimitives.WriteInt32LittleEndian(change[1..], changes[i][1]);
            BinaryPrimitives.WriteInt32LittleEndian(change[5..], changes[i][2]);
        }

        return input;
    }

    /// <summary>Makes the memory the image again, but for the damage.</summary>
    public void Damage(ReadOnlySpan<byte> input)
    {
        Span<byte> bytes = Memory.Bytes;
        _image.CopyTo(bytes);
        if (input.IsEmpty)
            return;
        for (ReadOnlySpan<byte> rest = input[1..]; rest.Length >= ChangeSize; rest = rest[ChangeSize..])
            Change(bytes, rest[0], BinaryPrimitives.ReadUInt32LittleEndian(rest[1..]), BinaryPrimitives.ReadUInt32LittleEndian(rest[5..]));
        if ((input[0] & 1) == 0)
            return;
        // The boot record's checksum stands behind what it covers.
        MemoryMarshal.Write(bytes[BootChecksumOffset..], Crc32C.Of(bytes[..BootChecksumOffset]));
        if (_core >= 0)
            ChecksummedRecordTarget.Mend(bytes.Slice(_core, LuoCoreSer.Size), ChecksummedRecordTarget.ChecksumOffset);
    }

    /// <inheritdoc/>
    public void Dispose() => Memory.Dispose();

    private void Change(Span<byte> image, byte kind, uint where, uint value)
    {
        int offset = _words[where % (uint)_words.Length];
        Span<byte> word = image.Slice(offset, sizeof(ulong));
        switch (kind % Kinds)
        {
            case 0:
                word[(int)(value % sizeof(ulong))] ^= (byte)(1 << (int)(value / sizeof(ulong) % 8));
                break;
            case 1:
                Page(image, value).Clear();
                break;
            case 2:
                image[(int)(where % (uint)image.Length)] ^= (byte)(1 + (value % 255));
                break;
            case 3:
                Write(word, 0);
                break;
            case 4:
                Write(word, ulong.MaxValue >> (int)(value % 64));
                break;
            case 5:
                Write(word, BinaryPrimitives.ReadUInt64LittleEndian(word) + (value % 5) - 2);
                break;
            case 6:
                Write(word, value % 1024);
                break;
            case 7 or 8:
                Write(word, Memory.Base.Value + (value % (uint)(image.Length / LuoAbi.PageSize) * LuoAbi.PageSize));
                break;
            case 9:
                Write(word, Word(_words[value % (uint)_words.Length]));
                break;
            case EndKind:
                image[((int)(value % (uint)(image.Length / LuoAbi.PageSize)) * LuoAbi.PageSize)..].Clear();
                break;
            default:
                Page(image, value).CopyTo(Page(image, where));
                break;
        }
    }

    private static Span<byte> Page(Span<byte> image, uint number) =>
        image.Slice((int)(number % (uint)(image.Length / LuoAbi.PageSize)) * LuoAbi.PageSize, LuoAbi.PageSize);

    private static void Write(Span<byte> word, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(word, value);

    private ulong Word(int offset) => BinaryPrimitives.ReadUInt64LittleEndian(_image.AsSpan(offset));
}
