using System.Buffers;
using LiveUpdate.Interop;

namespace LiveUpdate.Kho;

/// <summary>
/// One stretch of native memory that several writers use in turn, for the spans that do not fit what is left of a preserved range.
/// </summary>
/// <remarks>
/// It is not cleared, so what is never written costs address space and no pages. It grows while nobody writes: users are added when a file
/// is preserved, and the writing is done under the closed freeze gate (reference C-03). Adding and removing users is safe for threads.
/// </remarks>
internal sealed unsafe class ScratchMemory : MemoryManager<byte>
{
    // A writer may ask for much more than it uses, as one that compresses does; what is not written costs nothing.
    private const int SmallestLength = 16 << 20;

    private readonly Lock _lock = new();
    private UnclearedMemoryHandle? _memory;
    private int _users;

    /// <summary>The length in bytes; 0 when nobody uses it.</summary>
    public int Length => _memory?.Length ?? 0;

    /// <summary>
    /// The longest span that a room of that many bytes needs: for a text whose bytes fit, from a writer which asks for three bytes a
    /// character.
    /// </summary>
    public static int LengthFor(long capacity) => (int)Math.Min(Array.MaxLength, Math.Max(SmallestLength, (capacity * 3) + 64));

    /// <summary>Adds a user who needs a stretch of that many bytes.</summary>
    /// <exception cref="OutOfMemoryException">There is no memory; nothing has changed.</exception>
    public void AddUser(int bytes)
    {
        lock (_lock)
        {
            if (bytes > Length)
            {
                var grown = new UnclearedMemoryHandle(bytes);
                _memory?.Dispose();
                _memory = grown;
            }

            _users++;
        }
    }

    /// <summary>Removes a user; the memory goes with the last one.</summary>
    public void RemoveUser()
    {
        lock (_lock)
        {
            if (--_users != 0)
                return;
            _memory?.Dispose();
            _memory = null;
        }
    }

    /// <inheritdoc/>
    // The handle stays open while there is a user, and only a user's writer comes here.
    public override Span<byte> GetSpan() => _memory is { } memory ? new Span<byte>(memory.Start, memory.Length) : default;

    /// <inheritdoc/>
    public override MemoryHandle Pin(int elementIndex = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(elementIndex);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(elementIndex, Length);
        UnclearedMemoryHandle memory = _memory ?? throw new InvalidOperationException("Nobody uses the memory.");
        // Native memory does not move, and the lease keeps it from being freed until the handle is disposed.
        return new MemoryHandle(memory.Start + elementIndex, pinnable: new PinnedLease(new KhoMemoryLease(memory)));
    }

    /// <inheritdoc/>
    public override void Unpin()
    {
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
    }
}
