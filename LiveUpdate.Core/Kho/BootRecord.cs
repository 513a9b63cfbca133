using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using LiveUpdate.Abi;
using LiveUpdate.Serialization;

namespace LiveUpdate.Kho;

/// <summary>The boot record in the first page of a region: how one generation tells the next where the device tree lies.</summary>
internal static class BootRecord
{
    private const string Structure = "boot record";
    private const int ScratchOffset = 64;
    private const int ChecksumOffset = 92;

    /// <summary>Reads the record.</summary>
    /// <returns>False if the page is all zero: nothing was handed over.</returns>
    /// <exception cref="LiveUpdateImageException">The record is damaged, of another version or of another region (EINVAL).</exception>
    public static bool TryRead(KhoMemory memory, out KhoBootRecordSer record)
    {
        Span<byte> page = memory.GetSpan(memory.Base, LuoAbi.PageSize);
        record = MemoryMarshal.Read<KhoBootRecordSer>(page);
        if (!page.ContainsAnyExcept((byte)0))
            return false;
        Check(memory, 0, KhoBootRecordSer.MagicValue, record.Magic);
        Check(memory, 8, KhoBootRecordSer.CurrentVersion, record.Version);
        Check(memory, 12, (ulong)Unsafe.SizeOf<KhoBootRecordSer>(), record.Size);
        Check(memory, ChecksumOffset, Checksum(in record), record.Checksum);
        Check(memory, 16, memory.Base.Value, record.MemoryBase);
        Check(memory, 24, (ulong)memory.Length, record.MemoryLength);
        ulong pages = (ulong)memory.Length >> LuoAbi.PageShift;
        if (record.UsedPages > pages)
            throw Bad(memory, 80, $"at most {pages} pages", $"{record.UsedPages}");
        return true;
    }

    /// <summary>Writes the record.</summary>
    public static void Write(KhoMemory memory, PhysicalAddress deviceTree, int deviceTreeSize, int usedPages)
    {
        var record = new KhoBootRecordSer
        {
            Magic = KhoBootRecordSer.MagicValue,
            Version = KhoBootRecordSer.CurrentVersion,
            Size = (uint)Unsafe.SizeOf<KhoBootRecordSer>(),
            MemoryBase = memory.Base.Value,
            MemoryLength = (ulong)memory.Length,
            Setup = new KhoSetupData
            {
                FdtAddress = deviceTree.Value,
                FdtSize = (ulong)deviceTreeSize,
                ScratchAddress = (memory.Base + ScratchOffset).Value,
                ScratchSize = (ulong)Unsafe.SizeOf<KhoScratchSer>(),
            },
            Scratch = new KhoScratchSer { Address = memory.Base.Value, Size = LuoAbi.PageSize },
            UsedPages = (ulong)usedPages,
        };
        record.Checksum = Checksum(in record);
        record.Magic = 0;
        Span<byte> page = memory.GetSpan(memory.Base, LuoAbi.PageSize);
        MemoryMarshal.Write(page, in record);
        Volatile.Write(ref MagicIn(page), KhoBootRecordSer.MagicValue);
    }

    /// <summary>Makes the page zero: nothing is handed over.</summary>
    public static void Clear(KhoMemory memory)
    {
        Span<byte> page = memory.GetSpan(memory.Base, LuoAbi.PageSize);
        Volatile.Write(ref MagicIn(page), 0);
        page.Clear();
    }

    /// <summary>Whether a hand-over is written, whole or damaged.</summary>
    /// <remarks>
    /// The magic number is the last thing written and the first thing cleared: a process that is killed anywhere has done one or the other,
    /// for a next generation that finds the memory without having been told.
    /// </remarks>
    public static bool IsWritten(KhoMemory memory) => Volatile.Read(ref MagicIn(memory.GetSpan(memory.Base, LuoAbi.PageSize))) != 0;

    // The page is aligned, so the eight bytes change at once.
    private static ref ulong MagicIn(Span<byte> page) => ref MemoryMarshal.AsRef<ulong>(page);

    private static uint Checksum(in KhoBootRecordSer record) =>
        Crc32C.Of(MemoryMarshal.AsBytes(new ReadOnlySpan<KhoBootRecordSer>(in record))[..ChecksumOffset]);

    private static void Check(KhoMemory memory, int offset, ulong expected, ulong found)
    {
        if (expected != found)
            throw Bad(memory, offset, $"0x{expected:x}", $"0x{found:x}");
    }

    private static LiveUpdateImageException Bad(KhoMemory memory, int offset, string expected, string found) =>
        new(LiveUpdateError.InvalidArgument, Structure, memory.Base, offset, expected, found);
}
