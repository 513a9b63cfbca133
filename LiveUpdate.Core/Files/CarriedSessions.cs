using System.Globalization;
using System.Runtime.InteropServices;
using LiveUpdate.Abi;
using LiveUpdate.Kho;
using LiveUpdate.Serialization;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate;

/// <summary>
/// Which session of a <see cref="DescriptorCarrier"/> goes with which session of the orchestrator: the outgoing ones, their table in
/// preserved memory, and those that came.
/// </summary>
/// <remarks>
/// A session without descriptors has none, and costs none. Safe for threads; its lock nests inside that of a session, and outside that of
/// preserved memory.
/// </remarks>
internal sealed class CarriedSessions : IDisposable
{
    private readonly Lock _lock = new();
    private readonly KexecHandover _memory;
    private readonly DescriptorCarrier _carrier;
    private readonly LinkedList<CarriedSession> _outgoing = [];
    private readonly Dictionary<uint, CarrierSession> _incoming = [];
    private readonly Dictionary<SessionName, uint> _incomingByName = [];
    private readonly PageOwner _owner = new("carried sessions");
    private readonly BlockSet _blocks;
    private PhysicalAddress _record;
    private uint _lastNumber;

    public CarriedSessions(KexecHandover memory, DescriptorCarrier carrier)
    {
        (_memory, _carrier) = (memory, carrier);
        _blocks = new BlockSet(memory, CarriedSessionSer.Size, _owner);
    }

    /// <summary>How many outgoing sessions have one: a descriptor each.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _outgoing.Count;
        }
    }

    /// <summary>The outgoing ones, oldest first; a snapshot.</summary>
    public IReadOnlyList<CarrierSession> Outgoing
    {
        get
        {
            lock (_lock)
                return [.. _outgoing.Select(static session => session.Session)];
        }
    }

    /// <summary>The sessions that came with descriptors and are not finished; a snapshot.</summary>
    public IReadOnlyList<string> Unfinished
    {
        get
        {
            lock (_lock)
                return [.. _incomingByName.Keys.Select(static name => name.ToString()).Order(StringComparer.Ordinal)];
        }
    }

    /// <summary>Reserves the place of the record for the hand-over; called when the memory is this generation's.</summary>
    /// <exception cref="LiveUpdateException">ENOMEM.</exception>
    public void Reserve() => _record = _memory.AllocatePreserved(CarrierSer.Size, _owner);

    /// <summary>Makes the carrier's session for an outgoing one.</summary>
    /// <exception cref="LiveUpdateException">No room in preserved memory, or the carrier refuses.</exception>
    public CarriedSession Create(SessionName name)
    {
        lock (_lock)
        {
            _blocks.EnsureCapacity(_outgoing.Count + 1L);
            try
            {
                var session = new CarriedSession(name, _lastNumber + 1, _carrier.Create(_lastNumber + 1));
                _lastNumber++;
                session.Node = _outgoing.AddLast(session);
                return session;
            }
            catch
            {
                _blocks.Trim(_outgoing.Count);
                throw;
            }
        }
    }

    /// <summary>Ends the carrier's session of an outgoing one, and lets go of all that is in it.</summary>
    public void Close(CarriedSession session)
    {
        session.Session.Dispose();
        lock (_lock)
        {
            if (session.Node is null)
                return;
            _outgoing.Remove(session.Node);
            session.Node = null;
            _blocks.Trim(_outgoing.Count);
        }
    }

    /// <summary>Writes the table and its record; allocates nothing. Needs the freeze gate closed.</summary>
    /// <returns>Where the record is.</returns>
    public PhysicalAddress Seal()
    {
        long index = 0;
        for (LinkedListNode<CarriedSession>? node = _outgoing.First; node is not null; node = node.Next)
        {
            var entry = new CarriedSessionSer { Number = node.Value.Number, Files = node.Value.Files };
            FixedString.Write(entry.Name, node.Value.Name.Utf8);
            MemoryMarshal.Write(_blocks.GetEntry(index++), in entry);
        }

        var record = new CarrierSer
        {
            Magic = CarrierSer.MagicNumber,
            Version = CarrierSer.CurrentVersion,
            SessionsPa = _blocks.Seal(index).Value,
            SessionsCount = (ulong)index,
            Realtime = (DateTime.UtcNow - DateTime.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick,
        };
        record.Checksum = Checksum(record);
        MemoryMarshal.Write(_memory.GetSpan(_record, CarrierSer.Size), in record);
        return _record;
    }

    /// <summary>Checks a record of the generation before.</summary>
    /// <param name="record">A copy.</param>
    /// <param name="address">Where it lies, for messages.</param>
    /// <exception cref="LiveUpdateImageException">Its version or its checksum is wrong.</exception>
    public static void Check(CarrierSer record, PhysicalAddress address)
    {
        if (record.Magic != CarrierSer.MagicNumber)
            throw Bad("carrier record", address, 0, $"0x{CarrierSer.MagicNumber:x}", $"0x{record.Magic:x}");
        if (record.Version != CarrierSer.CurrentVersion)
            throw Bad("carrier record", address, 8, $"version {CarrierSer.CurrentVersion}", $"{record.Version}");
        uint found = record.Checksum;
        record.Checksum = 0;
        if (Checksum(record) is var expected && found != expected)
            throw Bad("carrier record", address, 12, $"checksum 0x{expected:x8}", $"0x{found:x8}");
    }

    /// <summary>
    /// Takes over every session in the table of the generation before: one that nobody holds is lost at the next hand-over.
    /// </summary>
    /// <param name="record">The record, checked.</param>
    /// <param name="blocks">The checked chain of the table; null for none.</param>
    /// <param name="slots">The slots of descriptors that came, by slot: each must be in one of the sessions.</param>
    /// <exception cref="LiveUpdateImageException">The table is damaged, or names a session that is not there.</exception>
    /// <exception cref="LiveUpdateException">The carrier refuses for another reason, as EMFILE: it can be tried again.</exception>
    public void Load(in CarrierSer record, IncomingBlockSet? blocks, ReadOnlySpan<DescriptorSlotSer?> slots)
    {
        var table = new PhysicalAddress(record.SessionsPa);
        if ((ulong)(blocks?.EntryCount ?? 0) != record.SessionsCount)
            throw Bad("carrier record", table, 24, $"a count of {blocks?.EntryCount ?? 0}, the entries found", $"{record.SessionsCount}");
        Span<byte> buffer = stackalloc byte[LuoAbi.PageSize];
        for (int block = 0; block < (blocks?.BlockCount ?? 0); block++)
        {
            int entries = blocks!.ReadBlock(block, buffer);
            foreach (CarriedSessionSer entry in MemoryMarshal.Cast<byte, CarriedSessionSer>(
                buffer.Slice(LuoAbi.BlockHeaderSize, entries * CarriedSessionSer.Size)))
            {
                CarriedSessionSer copy = entry;
                Retrieve(SessionName.FromImage(FixedString.ReadName(copy.Name)), copy.Number, table);
            }
        }

        for (int slot = 0; slot < slots.Length; slot++)
        {
            if (slots[slot] is not { } found)
                continue;
            if (found.State != DescriptorSlotSer.InKernelSession)
                throw Bad($"descriptor slot {slot}", PhysicalAddress.None, 4, "a descriptor in a session of the kernel's", $"state {found.State}");
            if (!_incoming.ContainsKey((uint)found.Descriptor))
                throw Bad($"descriptor slot {slot}", PhysicalAddress.None, 0, "the number of a session in the table", $"{(uint)found.Descriptor}");
        }
    }

    /// <summary>Throws where no descriptor number is free for <see cref="Retrieve(uint, ulong)"/>.</summary>
    /// <exception cref="LiveUpdateException">EMFILE, ENFILE.</exception>
    public void CheckDescriptorFree() => _carrier.CheckDescriptorFree();

    /// <summary>A new descriptor of what came; owned by the caller.</summary>
    /// <exception cref="LiveUpdateException">ENOENT: the session is finished, or has no such token. What the carrier refuses with else.</exception>
    public SafeFileHandle Retrieve(uint number, ulong token)
    {
        CarrierSession? session;
        lock (_lock)
            session = _incoming.GetValueOrDefault(number);
        return session is not null
            ? session.Retrieve(token)
            : throw new LiveUpdateException(LiveUpdateError.NotFound, $"The kernel's session {number.ToString(CultureInfo.InvariantCulture)} is finished.");
    }

    /// <summary>Finishes the session that carried the descriptors of an incoming one, if it had any, and closes it.</summary>
    /// <exception cref="LiveUpdateException">The carrier refuses; the session is closed all the same, which has the same effect.</exception>
    public void Finish(SessionName name)
    {
        CarrierSession? session;
        lock (_lock)
        {
            if (!_incomingByName.Remove(name, out uint number) || !_incoming.Remove(number, out session))
                return;
        }

        using (session)
            session.Finish();
    }

    /// <summary>Lets everything go: outgoing sessions unpreserve, incoming ones are finished.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            foreach (CarriedSession session in _outgoing)
                session.Session.Dispose();
            foreach (CarrierSession session in _incoming.Values)
                session.Dispose();
            _outgoing.Clear();
            _incoming.Clear();
            _incomingByName.Clear();
        }

        _carrier.Dispose();
    }

    private void Retrieve(SessionName name, uint number, PhysicalAddress table)
    {
        if (_incoming.ContainsKey(number) || !_incomingByName.TryAdd(name, number))
            throw Bad("table of carried sessions", table, 0, "numbers and names that no other entry has", $"{number} and \"{name}\" again");
        try
        {
            _incoming.Add(number, _carrier.Retrieve(number));
        }
        catch (LiveUpdateException exception) when (exception.Error == LiveUpdateError.NotFound)
        {
            throw Bad("table of carried sessions", table, 64, "the number of a session that came", $"{number}", exception);
        }
    }

    private static uint Checksum(in CarrierSer record) => Crc32C.Of(MemoryMarshal.AsBytes(new ReadOnlySpan<CarrierSer>(in record)));

    private static LiveUpdateImageException Bad(
        string structure, PhysicalAddress address, int offset, string expected, string found, Exception? inner = null) =>
        new(LiveUpdateError.InvalidArgument, structure, address, offset, expected, found, inner);
}
