using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Abi;
using LiveUpdate.Kho;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Agent;

/// <summary>
/// What an agent must know of its clients when it comes back after a sudden death: three tables of records in a memfd that somebody else
/// keeps open (<see cref="AgentStore"/>).
/// </summary>
/// <remarks>
/// <para>Written in place, field by field, in an order in which a death between any two stores leaves what <see cref="Open"/> can read: a
/// record's state is written last when it appears and first when it goes. Nothing is flushed: what a thread has stored is in the memfd's
/// pages, whatever becomes of the process.</para>
/// <para>Records of different connections may be written at the same time. One connection, with its session and that session's files, is
/// written by one thread at a time. Indices are used again, the last one first. Nothing is allocated per request.</para>
/// </remarks>
[SupportedOSPlatform("linux")]
internal sealed partial class AgentLedger : IDisposable
{
    private const string MemoryName = "liveupdate-agent";

    private readonly KhoMemory _memory;
    private readonly LedgerPool _connections;
    private readonly LedgerPool _sessions;
    private readonly LedgerPool _files;
    private long _sequence;

    private AgentLedger(KhoMemory memory, LedgerCapacity capacity)
    {
        _memory = memory;
        Capacity = capacity;
        _connections = new LedgerPool(capacity.Connections, "connection");
        _sessions = new LedgerPool(capacity.Sessions, "session");
        _files = new LedgerPool(capacity.Files, "preserved file");
    }

    /// <summary>How much there is room for.</summary>
    public LedgerCapacity Capacity { get; }

    /// <summary>What an earlier process left.</summary>
    public LedgerContents Contents { get; private set; } = LedgerContents.None;

    /// <summary>The memfd, owned by this object: to be stored, and passed to a successor.</summary>
    public SafeFileHandle File => _memory.SharedFile!;

    /// <summary>How many connections there are.</summary>
    public int ConnectionCount => _connections.Count;

    /// <summary>How many sessions there are.</summary>
    public int SessionCount => _sessions.Count;

    /// <summary>How many files there are.</summary>
    public int FileCount => _files.Count;

    /// <summary>How many updates there were. Rising, it makes every session an incoming one, all at once.</summary>
    public ulong Generation
    {
        get => Header.Generation;
        set => Set(ref Header.Generation, value);
    }

    /// <summary>Whether the clients were told of the last update.</summary>
    public bool IsSettled => Header.Settled == (uint)Generation;

    /// <summary>The update that was begun last; 0 for none.</summary>
    public ulong Update
    {
        get => Header.Update;
        set => Set(ref Header.Update, value);
    }

    /// <summary>Says that the clients were told of the last update.</summary>
    public void Settle() => Set(ref Header.Settled, (uint)Generation);

    /// <summary>Test seam: called after each store.</summary>
    internal Action? Stored { get; set; }

    private ref LedgerHeader Header => ref MemoryMarshal.AsRef<LedgerHeader>(_memory.GetSpan(_memory.Base, LedgerHeader.Size));

    /// <summary>Makes an empty ledger.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A table has no record, or more than <see cref="LedgerCapacity.Most"/>.</exception>
    /// <exception cref="LiveUpdateException">The system refuses: EMFILE, ENOMEM.</exception>
    public static AgentLedger Create(LedgerCapacity capacity)
    {
        if (!capacity.IsValid)
            throw new ArgumentOutOfRangeException(nameof(capacity), capacity, $"A table has 1 to {LedgerCapacity.Most} records.");
        var ledger = new AgentLedger(KhoMemory.CreateShared(capacity.Length, MemoryName), capacity);
        LedgerReader.Begin(ref ledger.Header, capacity);
        return ledger;
    }

    /// <summary>Opens the ledger of an earlier process, and drops what that had begun and not ended (<see cref="Contents"/>).</summary>
    /// <param name="file">The memfd. Owned by the ledger from here on, and closed when this method throws.</param>
    /// <exception cref="LiveUpdateException">
    /// Not a memfd of the kind that <see cref="Create"/> makes (EINVAL), or it cannot be mapped.
    /// </exception>
    /// <exception cref="LiveUpdateImageException">
    /// A field has a value that no agent leaves; the message names record and field. Nothing was changed.
    /// </exception>
    public static AgentLedger Open(SafeFileHandle file)
    {
        KhoMemory memory = KhoMemory.OpenShared(file);
        try
        {
            LedgerCapacity capacity = LedgerReader.ReadHeader(memory.GetSpan(memory.Base, LedgerHeader.Size), memory.Length);
            var ledger = new AgentLedger(memory, capacity);
            ledger.Restore();
            return ledger;
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    /// <summary>A record of a connection.</summary>
    public ref readonly LedgerConnection Connection(int index) => ref ConnectionAt(index);

    /// <summary>A record of a session.</summary>
    public ref readonly LedgerSession Session(int index) => ref SessionAt(index);

    /// <summary>A record of a file.</summary>
    public ref readonly LedgerFile PreservedFile(int index) => ref FileAt(index);

    /// <summary>Whether a session was handed over by an earlier generation.</summary>
    public bool IsIncoming(int session) => SessionAt(session).Generation < Generation;

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref LedgerConnection ConnectionAt(int index) =>
        ref At<LedgerConnection>(LedgerCapacity.ConnectionsOffset, index, Capacity.Connections, LedgerConnection.Size);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref LedgerSession SessionAt(int index) =>
        ref At<LedgerSession>(Capacity.SessionsOffset, index, Capacity.Sessions, LedgerSession.Size);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref LedgerFile FileAt(int index) => ref At<LedgerFile>(Capacity.FilesOffset, index, Capacity.Files, LedgerFile.Size);

    private ref T At<T>(int offset, int index, int capacity, int size)
        where T : struct
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)capacity, nameof(index));
        return ref MemoryMarshal.AsRef<T>(_memory.GetSpan(_memory.Base + (offset + ((long)index * size)), size));
    }

    // Every store is a release, so that none is seen before one that was made earlier.
    private void Set(ref uint field, uint value)
    {
        Volatile.Write(ref field, value);
        Stored?.Invoke();
    }

    private void Set(ref int field, int value)
    {
        Volatile.Write(ref field, value);
        Stored?.Invoke();
    }

    private void Set(ref ulong field, ulong value)
    {
        Volatile.Write(ref field, value);
        Stored?.Invoke();
    }

    private void Set(ref Bytes64 field, ReadOnlySpan<byte> value)
    {
        Span<byte> room = field;
        value.CopyTo(room);
        room[value.Length..].Clear();
        Stored?.Invoke();
    }
}
