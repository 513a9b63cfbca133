using System.Runtime.InteropServices;
using LiveUpdate.Abi;
using LiveUpdate.Kho;

namespace LiveUpdate;

/// <summary>
/// The outgoing side of one typed state: the room that is reserved for it, and the header that tells the next generation of it.
/// </summary>
internal sealed class StateFile : IDisposable
{
    private readonly KexecHandover _memory;
    private readonly PreservedRoom _room;
    private readonly int _headerLength;

    /// <summary>Reserves everything that the freeze needs. All or nothing.</summary>
    /// <exception cref="LiveUpdateException">No room in preserved memory (ENOMEM), or more blocks than a header lists (E2BIG).</exception>
    public StateFile(KexecHandover memory, StateMemory shared, long bytes, int largestSpan)
    {
        _memory = memory;
        _room = new PreservedRoom(memory, bytes, shared.Owner);
        try
        {
            if (_room.Ranges.Count > StateAbi.MaxRanges)
            {
                throw new LiveUpdateException(
                    LiveUpdateError.TooBig,
                    $"A state of {bytes} bytes lies in {_room.Ranges.Count} blocks here; {StateAbi.MaxRanges} can be listed.");
            }

            _headerLength = StateAbi.HeaderSize + (_room.Ranges.Count * StateAbi.RangeSize);
            Header = memory.AllocatePreserved(_headerLength, shared.Owner);
            Writer = new PreservedBufferWriter(_room, shared.Scratch, largestSpan);
            WriteRanges();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The address of the header: the file's data handle.</summary>
    public PhysicalAddress Header { get; private set; }

    /// <summary>The bytes that fit.</summary>
    public long Capacity => _room.Capacity;

    /// <summary>Writes into the room.</summary>
    public PreservedBufferWriter Writer { get; } = null!;

    /// <summary>Completes the header for what the writer wrote. Allocates nothing.</summary>
    public void Seal(int stateVersion)
    {
        Span<byte> block = _memory.GetSpan(Header, _headerLength);
        var header = new StateSer
        {
            Magic = StateAbi.Magic,
            LayoutVersion = StateAbi.LayoutVersion,
            StateVersion = stateVersion,
            Length = (ulong)Writer.Written,
            DataChecksum = Writer.ComputeChecksum(),
            RangeCount = (uint)_room.Ranges.Count,
        };
        MemoryMarshal.Write(block, in header);
        header.HeaderChecksum = StateImage.ComputeHeaderChecksum(block);
        MemoryMarshal.Write(block, in header);
    }

    /// <summary>Gives everything back.</summary>
    public void Dispose()
    {
        Writer?.Dispose();
        _room.Dispose();
        if (Header.IsNone)
            return;
        _memory.FreePreserved(Header);
        Header = PhysicalAddress.None;
    }

    private void WriteRanges()
    {
        Span<byte> list = _memory.GetSpan(Header, _headerLength)[StateAbi.HeaderSize..];
        foreach (PreservedRange range in _room.Ranges)
        {
            MemoryMarshal.Write(list, new StateRangeSer { Address = range.Address.Value, Length = (ulong)range.Length });
            list = list[StateAbi.RangeSize..];
        }
    }
}
