using System.Globalization;
using System.Runtime.InteropServices;
using LiveUpdate.Abi;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Machine.Errors;

/// <summary>The machine's memory through /dev/mem: what the previous kernel handed over lies in it, and can be damaged there.</summary>
internal sealed class PhysicalMemory : IDisposable
{
    private const int ChunkSize = 1 << 20;

    private readonly SafeFileHandle _file = File.OpenHandle("/dev/mem", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);

    /// <summary>Finds the page with the only block of sessions, which begins with one of that name.</summary>
    /// <returns>The address of the first session's record.</returns>
    public long FindSession(SessionName name)
    {
        byte[] chunk = new byte[ChunkSize];
        foreach ((long start, long end) in Ram())
        {
            for (long at = start; at < end; at += chunk.Length)
            {
                Span<byte> pages = chunk.AsSpan(0, (int)Math.Min(chunk.Length, end - at));
                ReadWhatThereIs(pages, at);
                for (int page = 0; page < pages.Length; page += LuoAbi.PageSize)
                {
                    if (IsBlockWith(name, pages.Slice(page, LuoAbi.PageSize)))
                        return at + page + Marshal.SizeOf<KhoBlockHeaderSer>();
                }
            }
        }

        throw new InvalidOperationException($"No block of sessions begins with \"{name}\".");
    }

    public T Read<T>(long address)
        where T : unmanaged
    {
        Span<byte> bytes = new byte[Marshal.SizeOf<T>()];
        RandomAccess.Read(_file, bytes, address);
        return MemoryMarshal.Read<T>(bytes);
    }

    public void Write<T>(long address, T value)
        where T : unmanaged => RandomAccess.Write(_file, MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)), address);

    public void Dispose() => _file.Dispose();

    private static bool IsBlockWith(SessionName name, ReadOnlySpan<byte> page)
    {
        var header = MemoryMarshal.Read<KhoBlockHeaderSer>(page);
        ReadOnlySpan<byte> field = page.Slice(Marshal.SizeOf<KhoBlockHeaderSer>(), name.Utf8.Length + 1);
        return header.NextAddress == 0 && header.Count is > 0 and < 52 && field[..^1].SequenceEqual(name.Utf8) && field[^1] == 0;
    }

    private static IEnumerable<(long Start, long End)> Ram() =>
        from line in File.ReadLines("/proc/iomem")
        where line.EndsWith(": System RAM", StringComparison.Ordinal)
        let range = line[..line.IndexOf(' ', StringComparison.Ordinal)].Split('-')
        select (RoundUp(Parse(range[0])), (Parse(range[1]) + 1) / LuoAbi.PageSize * LuoAbi.PageSize);

    private static long RoundUp(long address) => (address + LuoAbi.PageSize - 1) / LuoAbi.PageSize * LuoAbi.PageSize;

    private static long Parse(string text) => long.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    /// <summary>Some pages cannot be read; they are taken for empty.</summary>
    private void ReadWhatThereIs(Span<byte> pages, long address)
    {
        try
        {
            RandomAccess.Read(_file, pages, address);
        }
        catch (IOException)
        {
            pages.Clear();
            if (pages.Length == LuoAbi.PageSize)
                return;
            for (int page = 0; page < pages.Length; page += LuoAbi.PageSize)
                ReadWhatThereIs(pages.Slice(page, LuoAbi.PageSize), address + page);
        }
    }
}
