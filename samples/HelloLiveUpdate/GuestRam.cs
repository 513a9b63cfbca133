using System.IO.Hashing;
using System.Runtime.InteropServices;
using LiveUpdate;
using LiveUpdate.Kho;
using Microsoft.Win32.SafeHandles;

namespace HelloLiveUpdate;

/// <summary>Guest RAM: on Linux a memfd, which the next process maps again; elsewhere memory of this process.</summary>
internal sealed class GuestRam(KhoMemory memory) : IDisposable
{
    private const int ChunkSize = 4 << 20;

    public long Length => memory.Length;

    /// <summary>What a session preserves.</summary>
    public object File => memory.SharedFile ?? (object)memory;

    private int Chunks => (int)((Length + ChunkSize - 1) / ChunkSize);

    public static GuestRam Create(long bytes, bool inMemfd) =>
        new(inMemfd && OperatingSystem.IsLinux() ? KhoMemory.CreateShared(bytes, "guest-ram") : KhoMemory.Allocate(bytes));

    public static GuestRam Retrieve(Session session, Token token) => session.Retrieve(token) switch
    {
        SafeFileHandle memfd when OperatingSystem.IsLinux() => new GuestRam(KhoMemory.OpenShared(memfd)),
        KhoMemory sameProcess => new GuestRam(sameProcess),
        object other => throw new LostStateException($"Guest RAM arrived as {other.GetType()}."),
    };

    /// <summary>Every word of RAM gets a value of its own.</summary>
    public void Fill(Action<long> progress) => Parallel.For(0, Chunks, chunk =>
    {
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(Chunk(chunk));
        ulong value = (ulong)chunk * ChunkSize;
        foreach (ref ulong word in words)
        {
            value += 0x9E37_79B9_7F4A_7C15;
            word = (value ^ (value >> 30)) * 0xBF58_476D_1CE4_E5B9;
        }

        progress(words.Length * sizeof(ulong));
    });

    public ulong ComputeChecksum(Action<long> progress)
    {
        var checksums = new ulong[Chunks];
        Parallel.For(0, checksums.Length, chunk =>
        {
            Span<byte> bytes = Chunk(chunk);
            checksums[chunk] = XxHash3.HashToUInt64(bytes);
            progress(bytes.Length);
        });
        return XxHash3.HashToUInt64(MemoryMarshal.AsBytes(checksums.AsSpan()));
    }

    /// <summary>What a guest's store instruction does.</summary>
    public void Write(ulong guestAddress, ulong value) =>
        MemoryMarshal.Write(memory.GetSpan(memory.Base + (long)guestAddress, sizeof(ulong)), value);

    public void Dispose() => memory.Dispose();

    private Span<byte> Chunk(int number)
    {
        long offset = (long)number * ChunkSize;
        return memory.GetSpan(memory.Base + offset, (int)Math.Min(ChunkSize, Length - offset));
    }
}
