using System.Collections.Immutable;
using System.Text;

namespace LiveUpdate;

/// <summary>Looks for the names of formats in the read-only data of a kernel: a prefix, digits, and a NUL.</summary>
internal static class KernelAbiSearch
{
    private const int WindowSize = 1 << 20;

    // Longer than any name with its NUL: so much of a window is looked at again with the next one.
    private const int MostName = 24;

    private const long MostUnpacked = 1L << 30;

    /// <summary>Reads a kernel to its end.</summary>
    /// <exception cref="InvalidDataException">It is larger than kernels are.</exception>
    public static KernelAbi Run(Stream kernel)
    {
        var liveUpdate = ImmutableSortedSet.CreateBuilder<string>(StringComparer.Ordinal);
        var kexecHandover = ImmutableSortedSet.CreateBuilder<string>(StringComparer.Ordinal);
        var memfd = ImmutableSortedSet.CreateBuilder<string>(StringComparer.Ordinal);
        byte[] window = new byte[WindowSize];
        int kept = 0;
        long total = 0;
        while (true)
        {
            int count = kernel.ReadAtLeast(window.AsSpan(kept), WindowSize - kept, throwOnEndOfStream: false);
            total += count;
            if (total > MostUnpacked)
                throw new InvalidDataException($"it has more than {MostUnpacked} bytes unpacked");
            ReadOnlySpan<byte> known = window.AsSpan(0, kept + count);
            Find(known, "luo-v"u8, liveUpdate);
            Find(known, "kho-v"u8, kexecHandover);
            Find(known, "memfd-v"u8, memfd);
            if (known.Length < WindowSize)
                return new KernelAbi([.. liveUpdate], [.. kexecHandover], [.. memfd]);
            kept = MostName;
            known[^MostName..].CopyTo(window);
        }
    }

    private static void Find(ReadOnlySpan<byte> data, ReadOnlySpan<byte> prefix, ImmutableSortedSet<string>.Builder found)
    {
        for (int at; (at = data.IndexOf(prefix)) >= 0; data = data[(at + prefix.Length)..])
        {
            ReadOnlySpan<byte> digits = data[(at + prefix.Length)..];
            int count = digits.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
            if (count is > 0 and < MostName / 2 && digits[count] == 0)
                found.Add(Encoding.ASCII.GetString(data.Slice(at, prefix.Length + count)));
        }
    }
}
