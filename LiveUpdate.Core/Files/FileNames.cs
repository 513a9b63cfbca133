using System.Runtime.InteropServices;
using System.Text;
using LiveUpdate.Abi;
using LiveUpdate.Kho;
using LiveUpdate.Serialization;

namespace LiveUpdate;

/// <summary>
/// The names that files were preserved with, beside their tokens: the outgoing ones in preserved memory, the incoming ones read when
/// somebody
/// asks first. The kernel has none. Safe for threads.
/// </summary>
internal sealed class FileNames(KexecHandover memory)
{
    private readonly Lock _lock = new();
    private readonly PageOwner _owner = new("file names");
    private readonly Stack<int> _free = new();
    private BlockSet? _blocks;
    private int _slots;
    private IncomingBlockSet? _unread;
    private Dictionary<(SessionName Session, ulong Token), string>? _incoming;

    /// <summary>Gives a file a name.</summary>
    /// <returns>What <see cref="Remove"/> takes.</returns>
    /// <exception cref="ArgumentException">The name is empty, longer than 63 bytes in UTF-8, or holds a NUL.</exception>
    /// <exception cref="LiveUpdateException">ENOMEM, ENOSPC: no room in preserved memory.</exception>
    public int Add(SessionName session, ulong token, string name)
    {
        byte[] text = Encoding.UTF8.GetBytes(name);
        if (text.Length is 0 or > FileNameSer.MaxName || text.Contains((byte)0))
            throw new ArgumentException($"A file's name has 1 to {FileNameSer.MaxName} bytes in UTF-8 and no NUL.", nameof(name));
        var record = new FileNameSer { Token = token };
        FixedString.Write(record.Session, session.Utf8);
        FixedString.Write(record.Name, text);
        lock (_lock)
        {
            int slot = _free.Count > 0 ? _free.Peek() : _slots;
            _blocks ??= new BlockSet(memory, FileNameSer.Size, _owner);
            _blocks.EnsureCapacity(slot + 1L);
            _free.EnsureCapacity(_slots + 1);
            MemoryMarshal.Write(_blocks.GetEntry(slot), in record);
            if (slot == _slots)
                _slots++;
            else
                _free.Pop();
            return slot;
        }
    }

    /// <summary>Takes a name out again.</summary>
    public void Remove(int slot)
    {
        lock (_lock)
        {
            _blocks!.GetEntry(slot).Clear();
            _free.Push(slot);
            if (_free.Count < _slots)
                return;
            _free.Clear();
            _slots = 0;
            _blocks.Dispose();
            _blocks = null;
        }
    }

    /// <summary>Completes the table for the hand-over; allocates nothing.</summary>
    /// <returns>The first block, and how many entries there are, the free ones included.</returns>
    public (PhysicalAddress Head, int Slots) Seal() => _blocks is null ? default : (_blocks.Seal(_slots), _slots);

    /// <summary>Takes the checked table of the previous generation; null for none.</summary>
    public void Load(IncomingBlockSet? blocks) => _unread = blocks;

    /// <summary>Takes the table's pages over in the account, after the commit.</summary>
    public void Restore() => _unread?.Restore();

    /// <summary>The name of an incoming file; null if it has none.</summary>
    public string? Find(SessionName session, ulong token)
    {
        lock (_lock)
        {
            if (_unread is { } blocks)
            {
                _unread = null;
                _incoming = Read(blocks);
                blocks.Dispose();
            }

            return _incoming is not null && _incoming.TryGetValue((session, token), out string? name) ? name : null;
        }
    }

    private static Dictionary<(SessionName Session, ulong Token), string> Read(IncomingBlockSet blocks)
    {
        var names = new Dictionary<(SessionName Session, ulong Token), string>();
        Span<byte> buffer = stackalloc byte[LuoAbi.PageSize];
        for (int block = 0; block < blocks.BlockCount; block++)
        {
            int entries = blocks.ReadBlock(block, buffer);
            foreach (FileNameSer record in MemoryMarshal.Cast<byte, FileNameSer>(buffer.Slice(LuoAbi.BlockHeaderSize, entries * FileNameSer.Size)))
            {
                FileNameSer copy = record;
                ReadOnlySpan<byte> name = FixedString.ReadName(copy.Name);
                if (!name.IsEmpty)
                    names.TryAdd((SessionName.FromImage(FixedString.ReadName(copy.Session)), copy.Token), FixedString.Decode(name));
            }
        }

        return names;
    }
}
