using System.Numerics;
using System.Runtime.InteropServices;

namespace LiveUpdate.Serialization;

/// <summary>CRC-32C (Castagnoli, reflected, inverted before and after) of bytes that may lie in several places.</summary>
internal struct Crc32C
{
    private uint _inverted;

    /// <summary>The checksum of all bytes so far; 0 for none.</summary>
    public readonly uint Value => _inverted;

    /// <summary>The checksum of bytes in one place.</summary>
    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        var crc = default(Crc32C);
        crc.Append(bytes);
        return crc.Value;
    }

    /// <summary>Adds bytes.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        uint crc = ~_inverted;
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (ulong word in words)
            crc = BitOperations.Crc32C(crc, word);
        foreach (byte value in bytes[(words.Length * sizeof(ulong))..])
            crc = BitOperations.Crc32C(crc, value);
        _inverted = ~crc;
    }
}
