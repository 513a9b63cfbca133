using System.Runtime.InteropServices;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Machine.Update;

/// <summary>Memfds whose content says who made them.</summary>
internal static class PatternedMemfd
{
    private const int SeekSet = 0;
    private const int Chunk = 1 << 20;

    /// <summary>A memfd with content, position and seals that follow from a generation and a number.</summary>
    public static SafeFileHandle Create(int generation, int number, long length)
    {
        SafeFileHandle file = Libc.MemfdCreate($"memfd-{number}", Libc.MFD_CLOEXEC | Libc.MFD_ALLOW_SEALING | Libc.MFD_EXEC);
        Require(!file.IsInvalid, "memfd_create");
        Write(file, generation, number, length);
        Require(Libc.Lseek(file, (nint)PositionOf(number, length), SeekSet) >= 0, "lseek");
        if (number % 2 == 1)
            Require(Libc.Fcntl(file, Libc.F_ADD_SEALS, Libc.F_SEAL_SHRINK | Libc.F_SEAL_GROW) == 0, "F_ADD_SEALS");
        return file;
    }

    /// <summary>Fills a memfd.</summary>
    public static void Write(SafeFileHandle file, int generation, int number, long length)
    {
        byte[] pattern = new byte[Chunk];
        for (long offset = 0; offset < length; offset += Chunk)
        {
            Span<byte> part = pattern.AsSpan(0, (int)Math.Min(Chunk, length - offset));
            Fill(part, generation, number, offset);
            RandomAccess.Write(file, part, offset);
        }
    }

    /// <summary>Whether a memfd is what <see cref="Create"/> made, byte by byte.</summary>
    /// <returns>What is wrong; null for nothing.</returns>
    public static string? Compare(SafeFileHandle file, int generation, int number, long length)
    {
        if (RandomAccess.GetLength(file) is var found && found != length)
            return $"memfd {number} has {found} bytes, not {length}";
        if (DescriptorInfo.Position(file) is var position && position != PositionOf(number, length))
            return $"memfd {number} is at {position}, not {PositionOf(number, length)}";
        int seals = Libc.Fcntl(file, Libc.F_GET_SEALS, 0);
        if (seals != (number % 2 == 1 ? Libc.F_SEAL_SHRINK | Libc.F_SEAL_GROW : 0))
            return $"memfd {number} has seals 0x{seals:x}";
        byte[] expected = new byte[(int)Math.Min(Chunk, length)];
        byte[] actual = new byte[expected.Length];
        for (long offset = 0; offset < length; offset += Chunk)
        {
            int count = (int)Math.Min(Chunk, length - offset);
            Fill(expected.AsSpan(0, count), generation, number, offset);
            if (RandomAccess.Read(file, actual.AsSpan(0, count), offset) != count || !actual.AsSpan(0, count).SequenceEqual(expected.AsSpan(0, count)))
                return $"memfd {number} has other bytes from {offset} on";
        }

        return null;
    }

    private static long PositionOf(int number, long length) => Math.Min(number, length);

    // Eight bytes that no other place of any file has.
    private static void Fill(Span<byte> bytes, int generation, int number, long offset)
    {
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        ulong seed = ((ulong)generation << 56) | ((ulong)number << 40);
        for (int i = 0; i < words.Length; i++)
            words[i] = (seed + (ulong)offset + ((ulong)i * sizeof(ulong))) * 0x9E37_79B9_7F4A_7C15;
        bytes[(words.Length * sizeof(ulong))..].Fill((byte)number);
    }

    private static void Require(bool done, string call)
    {
        if (!done)
            throw new InvalidOperationException($"{call} failed with errno {Marshal.GetLastPInvokeError()}");
    }
}
