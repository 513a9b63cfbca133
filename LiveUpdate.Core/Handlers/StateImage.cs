using System.Buffers;
using System.Runtime.InteropServices;
using LiveUpdate.Abi;
using LiveUpdate.Kho;
using LiveUpdate.Serialization;

namespace LiveUpdate;

/// <summary>The incoming side of one typed state: its header, checked, and the blocks that hold its bytes.</summary>
internal sealed class StateImage
{
    private const string Structure = "state header";

    private readonly KexecHandover _memory;
    private readonly PhysicalAddress _address;
    private readonly StateSer _header;
    private readonly StateRangeSer[] _ranges;

    private StateImage(KexecHandover memory, PhysicalAddress address, in StateSer header, StateRangeSer[] ranges)
    {
        _memory = memory;
        _address = address;
        _header = header;
        _ranges = ranges;
    }

    /// <summary>The version of the state.</summary>
    public int StateVersion => _header.StateVersion;

    /// <summary>Reads a header and checks it, and that every range is preserved memory; changes nothing.</summary>
    /// <exception cref="LiveUpdateImageException">A field is damaged (EINVAL).</exception>
    public static StateImage Open(KexecHandover memory, PhysicalAddress address)
    {
        var header = MemoryMarshal.Read<StateSer>(memory.GetIncomingSpan(address, StateAbi.HeaderSize, Structure));
        Check(address, 0, header.Magic == StateAbi.Magic, $"0x{StateAbi.Magic:x}", $"0x{header.Magic:x}");
        Check(address, 8, header.LayoutVersion == StateAbi.LayoutVersion, $"layout {StateAbi.LayoutVersion}", $"{header.LayoutVersion}");
        Check(
            address, 28, header.RangeCount is > 0 and <= StateAbi.MaxRanges, $"1 to {StateAbi.MaxRanges} ranges", $"{header.RangeCount}");

        int length = StateAbi.HeaderSize + ((int)header.RangeCount * StateAbi.RangeSize);
        byte[] block = memory.GetIncomingSpan(address, length, Structure).ToArray();
        // The header was copied once; a second copy could differ while the predecessor still runs.
        MemoryMarshal.Write(block, in header);
        uint checksum = ComputeHeaderChecksum(block);
        Check(address, 32, header.HeaderChecksum == checksum, $"checksum 0x{checksum:x}", $"0x{header.HeaderChecksum:x}");
        StateRangeSer[] ranges = MemoryMarshal.Cast<byte, StateRangeSer>(block.AsSpan(StateAbi.HeaderSize)).ToArray();
        CheckRanges(memory, address, header, ranges);
        return new StateImage(memory, address, in header, ranges);
    }

    /// <summary>The checksum of a header and the list behind it.</summary>
    public static uint ComputeHeaderChecksum(ReadOnlySpan<byte> block)
    {
        var crc = default(Crc32C);
        crc.Append(block[..StateAbi.HeaderChecksumOffset]);
        crc.Append(block[StateAbi.HeaderSize..]);
        return crc.Value;
    }

    /// <summary>The bytes of the state, where they lie.</summary>
    /// <exception cref="LiveUpdateImageException">They are not those that were written: their checksum differs.</exception>
    public ReadOnlySequence<byte> Read()
    {
        ReadOnlySequence<byte> bytes = Sequence();
        var crc = default(Crc32C);
        foreach (ReadOnlyMemory<byte> part in bytes)
            crc.Append(part.Span);
        Check(_address, 24, crc.Value == _header.DataChecksum, $"the state's checksum 0x{crc.Value:x}", $"0x{_header.DataChecksum:x}");
        return bytes;
    }

    /// <summary>The exception for a state that its formatter cannot read.</summary>
    public LiveUpdateImageException Unreadable(string expected, string found, Exception? cause = null) =>
        new(LiveUpdateError.InvalidArgument, "state", new PhysicalAddress(_ranges[0].Address), 0, expected, found, cause);

    /// <summary>The exception for a state of a version that its formatter does not know.</summary>
    public LiveUpdateImageException UnknownVersion(int newest) => new(
        LiveUpdateError.InvalidArgument, Structure, _address, 12, $"a state version from 0 to {newest}", $"{StateVersion}");

    /// <summary>Frees header and ranges.</summary>
    public void Release()
    {
        foreach (StateRangeSer range in _ranges)
            _memory.TryRestoreAndFree(new PhysicalAddress(range.Address));
        _memory.TryRestoreAndFree(_address);
    }

    private static void CheckRanges(KexecHandover memory, PhysicalAddress address, in StateSer header, StateRangeSer[] ranges)
    {
        ulong total = 0;
        for (int i = 0; i < ranges.Length; i++)
        {
            StateRangeSer range = ranges[i];
            int offset = StateAbi.HeaderSize + (i * StateAbi.RangeSize);
            bool isBlock = range.Length is >= LuoAbi.PageSize and <= (ulong)StateAbi.MaxRangeBytes && ulong.IsPow2(range.Length);
            Check(address, offset + 8, isBlock, "a page times a power of two, at most 4 MiB", $"{range.Length} bytes");
            var start = new PhysicalAddress(range.Address);
            bool isPreserved = start.IsAligned(range.Length) && memory.IsIncoming(start, (long)range.Length);
            Check(address, offset, isPreserved, $"an aligned address of {range.Length} preserved bytes", start.ToString());
            total += range.Length;
        }

        Check(address, 16, header.Length > 0 && header.Length <= total, $"1 to {total} bytes", $"{header.Length}");
        CheckOverlaps(address, ranges);
    }

    // Blocks that overlap would make two owners of one page when they are restored.
    private static void CheckOverlaps(PhysicalAddress address, StateRangeSer[] ranges)
    {
        StateRangeSer[] sorted = [.. ranges];
        Array.Sort(sorted, static (left, right) => left.Address.CompareTo(right.Address));
        for (int i = 0; i < sorted.Length; i++)
        {
            ulong end = sorted[i].Address + sorted[i].Length;
            bool holdsHeader = address.Value >= sorted[i].Address && address.Value < end;
            bool overlaps = holdsHeader || (i + 1 < sorted.Length && end > sorted[i + 1].Address);
            Check(address, StateAbi.HeaderSize, !overlaps, "ranges that do not overlap", $"two of them at 0x{sorted[i].Address:x}");
        }
    }

    private static void Check(PhysicalAddress address, int offset, bool isGood, string expected, string found)
    {
        if (!isGood)
            throw new LiveUpdateImageException(LiveUpdateError.InvalidArgument, Structure, address, offset, expected, found);
    }

    private ReadOnlySequence<byte> Sequence()
    {
        StateSegment? first = null;
        StateSegment? last = null;
        long left = (long)_header.Length;
        for (int i = 0; left > 0; i++)
        {
            int length = (int)Math.Min(left, (long)_ranges[i].Length);
            last = new StateSegment(new KhoMemoryManager(_memory.Memory, new PhysicalAddress(_ranges[i].Address), length).Memory, last);
            first ??= last;
            left -= length;
        }

        return new ReadOnlySequence<byte>(first!, 0, last!, last!.Memory.Length);
    }
}
