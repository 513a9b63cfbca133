using System.Buffers.Binary;

namespace LiveUpdate.Fuzzing.Running;

/// <summary>Makes inputs of the seeds of a target: two runs of one number make the same ones.</summary>
internal sealed class Mutator(FuzzTarget target, int seed)
{
    private static readonly ulong[] s_numbers =
        [0, 1, 2, 3, 7, 8, 16, 63, 64, 127, 128, 255, 256, 4095, 4096, 4097, 0x7FFF, 0x8000, 0xFFFF, 0x1_0000, 0x7FFF_FFFF, 0x8000_0000,
         0xFFFF_FFFF, 0x1_0000_0000, 0x1_0000_1000, 0x7FFF_FFFF_FFFF_FFFF, 0x8000_0000_0000_0000, 0xFFFF_FFFF_FFFF_F000, ulong.MaxValue];

    private readonly byte[] _buffer = new byte[target.MaxLength];
    private readonly IReadOnlyList<byte[]> _seeds = target.Seeds;
    private readonly IReadOnlyList<byte[]> _words = target.Words;
    private ulong _state = (ulong)seed * 0x9E37_79B9_7F4A_7C15;
    private int _length;

    /// <summary>Makes the next input; valid until the one after it.</summary>
    public ReadOnlySpan<byte> Next(out bool atStart)
    {
        byte[] origin = _seeds[Below(_seeds.Count)];
        _length = Math.Min(origin.Length, _buffer.Length);
        origin.AsSpan(0, _length).CopyTo(_buffer);
        // One change in half of the inputs, two in a quarter, and so on.
        do
            Change();
        while (Below(2) == 0);
        if (_length < target.MinLength)
        {
            _buffer.AsSpan(_length..target.MinLength).Clear();
            _length = target.MinLength;
        }

        Span<byte> input = _buffer.AsSpan(0, _length);
        if (Below(4) != 0)
            target.Mend(input);
        atStart = Below(4) == 0;
        return input;
    }

    private void Change()
    {
        Span<byte> input = _buffer.AsSpan(0, _length);
        if (input.IsEmpty)
        {
            Insert(1 + Below(16));
            return;
        }

        int at = Below(_length);
        switch (Below(12))
        {
            case 0 or 1:
                input[at] ^= (byte)(1 << Below(8));
                break;
            case 2:
                input[at] = (byte)Next();
                break;
            case 3 or 4:
                WriteNumber(input, s_numbers[Below(s_numbers.Length)]);
                break;
            case 5:
                input[at] += (byte)(Below(9) - 4);
                break;
            case 6:
                input = input[at..Math.Min(_length, at + 1 + Below(64))];
                input.Fill((byte)(Below(2) == 0 ? 0 : Next()));
                break;
            case 7:
                Span<byte> part = input[at..Math.Min(_length, at + 1 + Below(64))];
                part.CopyTo(input[Below(_length - part.Length + 1)..]);
                break;
            case 8:
                int removed = Math.Min(1 + Below(16), _length - at);
                input[(at + removed)..].CopyTo(input[at..]);
                _length -= removed;
                break;
            case 9:
                Insert(1 + Below(16));
                break;
            case 10 when _words.Count > 0:
                byte[] word = _words[Below(_words.Count)];
                word.AsSpan(0, Math.Min(word.Length, _length - at)).CopyTo(input[at..]);
                break;
            default:
                Splice();
                break;
        }
    }

    private void WriteNumber(Span<byte> input, ulong number)
    {
        int size = 1 << Below(4);
        if (size > input.Length)
            return;
        // Most numbers of a record are aligned.
        int at = Below(input.Length - size + 1);
        if (Below(4) != 0)
            at &= -size;
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        if (Below(4) == 0)
            BinaryPrimitives.WriteUInt64BigEndian(bytes, number << (64 - (8 * size)));
        else
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, number);
        bytes[..size].CopyTo(input[at..]);
    }

    private void Insert(int count)
    {
        count = Math.Min(count, _buffer.Length - _length);
        int at = Below(_length + 1);
        _buffer.AsSpan(at, _length - at).CopyTo(_buffer.AsSpan(at + count));
        for (int i = 0; i < count; i++)
            _buffer[at + i] = (byte)Next();
        _length += count;
    }

    private void Splice()
    {
        byte[] other = _seeds[Below(_seeds.Count)];
        if (other.Length == 0)
            return;
        int from = Below(other.Length), at = Below(_length);
        ReadOnlySpan<byte> part = other.AsSpan(from, Math.Min(other.Length - from, 1 + Below(128)));
        part = part[..Math.Min(part.Length, _buffer.Length - at)];
        part.CopyTo(_buffer.AsSpan(at));
        _length = Math.Max(_length, at + part.Length);
    }

    private int Below(int bound) => (int)(((Next() >> 32) * (ulong)bound) >> 32);

    private ulong Next()
    {
        // SplitMix64: a call costs a nanosecond, and the tests' random numbers several.
        ulong mixed = _state += 0x9E37_79B9_7F4A_7C15;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58_476D_1CE4_E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D0_49BB_1331_11EB;
        return mixed ^ (mixed >> 31);
    }
}
