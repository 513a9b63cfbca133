using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using LiveUpdate.Kho;
using Microsoft.Win32.SafeHandles;

namespace ZeroDowntimeServer.Serving;

/// <summary>
/// A table of fixed size in a memfd, open-addressed: the next generation maps the same pages, and nothing is copied or rebuilt.
/// </summary>
internal sealed class Cache(KhoMemory memory) : IDisposable
{
    private const int Slots = 1 << 16;
    private const ulong Mix = 0x9E37_79B9_7F4A_7C15;

    private readonly Lock _lock = new();

    /// <summary>What a session preserves.</summary>
    public SafeFileHandle File => memory.SharedFile!;

    public static Cache Create() => new(KhoMemory.CreateShared(Slots * Unsafe.SizeOf<CacheSlot>(), "cache"));

    public static Cache Open(SafeFileHandle memfd) => new(KhoMemory.OpenShared(memfd));

    /// <summary>Keeps a value under a key.</summary>
    /// <returns>The one that was kept until now; 0 for none.</returns>
    /// <exception cref="InvalidDataException">The key is 0, or the table is full.</exception>
    public ulong Exchange(ulong key, ulong value)
    {
        if (key == 0)
            throw new InvalidDataException("No value is kept under key 0.");
        lock (_lock)
        {
            Span<CacheSlot> slots = MemoryMarshal.Cast<byte, CacheSlot>(memory.GetSpan(memory.Base, (int)memory.Length));
            int start = (int)((key * Mix) >> (64 - BitOperations.Log2((uint)slots.Length)));
            for (int i = 0; i < slots.Length; i++)
            {
                ref CacheSlot slot = ref slots[(start + i) & (slots.Length - 1)];
                if (slot.Key != 0 && slot.Key != key)
                    continue;
                ulong previous = slot.Value;
                slot = new CacheSlot { Key = key, Value = value };
                return previous;
            }
        }

        throw new InvalidDataException("The cache is full.");
    }

    public void Dispose() => memory.Dispose();
}
