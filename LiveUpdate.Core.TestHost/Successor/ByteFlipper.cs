using LiveUpdate.Kho;

namespace LiveUpdate.TestHost.Successor;

/// <summary>
/// Changes bits of memory on a thread of its own, each for a moment: those of bytes that are not zero, where the records are. When it is
/// disposed everything is as it was.
/// </summary>
internal sealed class ByteFlipper : IDisposable
{
    private readonly KhoMemory _memory;
    private readonly int[] _offsets;
    private readonly Random _random;
    private readonly Thread _thread;
    private volatile bool _stop;

    public ByteFlipper(KhoMemory memory, int seed)
    {
        _memory = memory;
        ReadOnlySpan<byte> bytes = memory.GetSpan(memory.Base, (int)memory.Length);
        var offsets = new List<int>();
        for (int offset = 0; offset < bytes.Length; offset++)
        {
            if (bytes[offset] != 0)
                offsets.Add(offset);
        }

        _offsets = [.. offsets];
        _random = new Random(seed);
        _thread = new Thread(Flip) { IsBackground = true };
        _thread.Start();
    }

    /// <summary>How often bits were changed.</summary>
    public long Flips { get; private set; }

    public void Dispose()
    {
        _stop = true;
        _thread.Join();
    }

    private void Flip()
    {
        while (!_stop)
        {
            ref byte place = ref _memory.GetSpan(_memory.Base + _offsets[_random.Next(_offsets.Length)], 1)[0];
            byte before = Volatile.Read(ref place);
            Volatile.Write(ref place, (byte)(before ^ (1 << _random.Next(8))));
            Thread.SpinWait(_random.Next(200));
            Volatile.Write(ref place, before);
            Flips++;
        }
    }
}
