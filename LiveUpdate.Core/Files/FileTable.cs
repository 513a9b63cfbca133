using System.Runtime.CompilerServices;
using LiveUpdate.Abi;

namespace LiveUpdate;

/// <summary>
/// The files of one session in order, and their index by token. The one type behind which the index stands.
/// </summary>
/// <remarks>
/// <para>Files are only ever added at the end and leave all together, so the index needs no removal. Entries lie in chunks that never move:
/// growing costs no copy and no large array, and a reference to an entry stays good.</para>
/// <para>The index is open-addressed with eight bytes a slot: half of the token's hash above, the entry's number plus one below. The hash
/// is multiplied by a secret of the process, so that no image can be made whose tokens all collide. Not safe for threads.</para>
/// </remarks>
internal sealed class FileTable
{
    private const int ChunkShift = 12;
    private const int ChunkSize = 1 << ChunkShift;
    private const int SmallestChunk = 4;
    private const int SmallestIndex = 8;

    // From the runtime's own generator, which the system seeds: the cryptographic one would load OpenSSL, milliseconds of an exec's pause.
    private static readonly ulong s_multiplier = (ulong)Random.Shared.NextInt64(long.MinValue, long.MaxValue) | 1;

    private FileEntry[][] _chunks = [];
    private ulong[] _slots = [];
    private int _shift;
    private int _count;
    private int _room;
    private ulong _touched;

    /// <summary>How many files there are.</summary>
    public int Count => _count;

    /// <summary>Whether the next addition needs no memory.</summary>
    public bool HasRoom => _count < _room;

    /// <summary>A file by its number, in order of preservation.</summary>
    public ref FileEntry this[int number]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref _chunks[number >> ChunkShift][number & (ChunkSize - 1)];
    }

    /// <summary>Makes room, so that additions up to <paramref name="count"/> files need no memory.</summary>
    /// <exception cref="OutOfMemoryException">There is none; the table is as before.</exception>
    public void Reserve(int count)
    {
        if (count <= _room)
            return;
        if (4L * count > 3L * _slots.Length)
            GrowIndex(count);
        int last = (count - 1) >> ChunkShift;
        if (last >= _chunks.Length)
            Array.Resize(ref _chunks, Math.Max(last + 1, Math.Min(_chunks.Length * 2, _chunks.Length + 64)));
        for (int chunk = _count >> ChunkShift; chunk <= last; chunk++)
        {
            int needed = chunk < last ? ChunkSize : count - (chunk << ChunkShift);
            int size = chunk == 0 ? Math.Clamp((int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)needed), SmallestChunk, ChunkSize) : ChunkSize;
            if (_chunks[chunk] is null || _chunks[chunk].Length < needed)
                Array.Resize(ref _chunks[chunk], size);
        }

        _room = (int)Math.Min(3L * _slots.Length / 4, ((long)last << ChunkShift) + _chunks[last].Length);
    }

    /// <summary>The number of the first file with a token, or -1.</summary>
    public int Find(ulong token)
    {
        if (_slots.Length == 0)
            return -1;
        ulong[] slots = _slots;
        uint hash = Hash(token);
        for (int slot = (int)(hash >> _shift); ; slot = (slot + 1) & (slots.Length - 1))
        {
            ulong value = slots[slot];
            if (value == 0)
                return -1;
            if ((uint)(value >> 32) == hash && this[(int)(uint)value - 1].Token == token)
                return (int)(uint)value - 1;
        }
    }

    /// <summary>
    /// Reads the index where files are about to be added: no branch waits for one of these reads, so their cache misses overlap instead of
    /// following one another.
    /// </summary>
    [MethodImpl(WithinPause.Compiled)]
    public void Touch(ReadOnlySpan<LuoFileSer> records)
    {
        ulong touched = 0;
        foreach (ref readonly LuoFileSer record in records)
            touched += _slots[Hash(record.Token) >> _shift];
        _touched = touched;
    }

    /// <summary>
    /// Adds a file at the end; room must have been made. A token that is there already keeps naming the first file (reference R-03).
    /// </summary>
    /// <returns>False if the token was there already.</returns>
    [MethodImpl(WithinPause.Compiled)]
    public bool Add(ulong token, ulong data, int handler, object? file = null, object? state = null)
    {
        ref FileEntry entry = ref this[_count];
        (entry.Token, entry.Data, entry.Handler) = (token, data, handler);
        if (file is not null)
            entry.File = file;
        if (state is not null)
            entry.State = state;
        return Index(token);
    }

    /// <summary>Drops every file.</summary>
    public void Clear()
    {
        _chunks = [];
        _slots = [];
        (_count, _room) = (0, 0);
    }

    /// <summary>Enters the file behind the last one in the index and counts it.</summary>
    [MethodImpl(WithinPause.Compiled)]
    private bool Index(ulong token)
    {
        int number = _count++;
        uint hash = Hash(token);
        ulong[] slots = _slots;
        for (int slot = (int)(hash >> _shift); ; slot = (slot + 1) & (slots.Length - 1))
        {
            ulong value = slots[slot];
            if (value == 0)
            {
                slots[slot] = ((ulong)hash << 32) | (uint)(number + 1);
                return true;
            }

            if ((uint)(value >> 32) == hash && this[(int)(uint)value - 1].Token == token)
                return false;
        }
    }

    private static uint Hash(ulong token) => (uint)((token * s_multiplier) >> 32);

    private void GrowIndex(int count)
    {
        uint size = Math.Max(SmallestIndex, System.Numerics.BitOperations.RoundUpToPowerOf2((uint)(count + (count / 3) + 1)));
        var slots = new ulong[size];
        int shift = 32 - System.Numerics.BitOperations.Log2(size);
        foreach (ulong value in _slots)
        {
            if (value == 0)
                continue;
            int slot = (int)((uint)(value >> 32) >> shift);
            while (slots[slot] != 0)
                slot = (slot + 1) & (slots.Length - 1);
            slots[slot] = value;
        }

        (_slots, _shift) = (slots, shift);
    }
}
