using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.TestHost;

/// <summary>The image is damaged between the two generations.</summary>
internal sealed class DamageScenario(Damage damage) : Scenario
{
    private const string Marker = "a text that can be found in the memory";

    protected override void BeforeBoot()
    {
        if (NoticedMemory() is not { } memory)
            return;
        switch (damage)
        {
            case Damage.BootRecord:
                Flip(memory, 40);
                break;
            case Damage.State:
                Flip(memory, Find(memory));
                break;
            case Damage.Notice:
                Environment.SetEnvironmentVariable("LIVEUPDATE_EXEC", $"v2:{Environment.ProcessId}:{memory}");
                break;
            case Damage.MemoryDescriptor:
                _ = Libc.Duplicate(0, memory);
                break;
            case Damage.ClosedDescriptor:
                _ = Libc.Close(FindEvent());
                break;
            case Damage.OtherFile:
                _ = Libc.Duplicate(0, FindEvent());
                break;
        }
    }

    protected override void Preserve(LiveUpdateOrchestrator luo, Session session, string[] args)
    {
        session.Preserve(1, new Note(Marker, 0));
        session.Preserve(2, Libc.EventFd(1));
    }

    protected override void Retrieve(LiveUpdateOrchestrator luo, Session session, string[] args) => Say("booted");

    private static void Flip(int memory, long offset)
    {
        using var file = new SafeFileHandle(memory, ownsHandle: false);
        Span<byte> one = stackalloc byte[1];
        RandomAccess.Read(file, one, offset);
        one[0] ^= 0x10;
        RandomAccess.Write(file, one, offset);
    }

    private static int Find(int memory)
    {
        using var file = new SafeFileHandle(memory, ownsHandle: false);
        var bytes = new byte[RandomAccess.GetLength(file)];
        RandomAccess.Read(file, bytes, 0);
        return bytes.AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(Marker));
    }

    // The runtime may have eventfds of its own, and those are close-on-exec.
    private static int FindEvent() =>
        ListDescriptors().Single(pair => pair.Value == "anon_inode:[eventfd]" && IsInheritable(pair.Key)).Key;
}
