using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.TestHost.Successor;

/// <summary>
/// Files with names: the successor lists them before it retrieves any, takes some and finishes; what nobody claimed is closed.
/// </summary>
internal static class NamedLife
{
    public static void Run()
    {
        var lines = new LineLogger();
        LiveUpdateOptions options = SuccessorLife.Options();
        options.Logger = lines;
        using LiveUpdateOrchestrator luo = LiveUpdateOrchestrator.Boot(options);
        using LiveUpdateDevice device = luo.OpenDevice();
        if (luo.PreviousUpdate is null)
        {
            Preserve(luo, device);
            return;
        }

        Scenario.Say($"arrived {luo.Descriptors.IncomingCount}, eventfds {Events()}");
        foreach (string name in device.GetIncomingSessions())
        {
            using Session session = device.RetrieveSession(name);
            Scenario.Say($"{name}: {string.Join(", ", session.GetFiles().Select(static file => $"{file.Token} {file.Name ?? "-"} {file.Status}"))}");
            if (name == "first")
            {
                ulong token = session.GetFiles().Single(static file => file.Name == "console").Token.Value;
                using SafeFileHandle console = session.Retrieve<SafeFileHandle>(token);
                Scenario.Say($"console holds {Libc.ReadEvents(console)}, eventfds {Events()}");
            }

            session.Finish();
        }

        Scenario.Say($"left {luo.Descriptors.IncomingCount}, eventfds {Events()}");
        lines.Say("dropped");
        lines.Say("claimed by no file");
    }

    private static void Preserve(LiveUpdateOrchestrator luo, LiveUpdateDevice device)
    {
        using Session first = device.CreateSession("first");
        using Session second = device.CreateSession("second");
        first.Preserve(1, Libc.EventFd(11), "disk");
        first.Preserve(2, Libc.EventFd(12), "console");
        first.Preserve(3, Libc.EventFd(13));
        second.Preserve(1, Libc.EventFd(21), "console");
        second.Preserve(7, new Note("typed", 1), "größe");
        luo.Descriptors.Add(Libc.EventFd(99));
        SuccessorLife.TryHandOver(luo, new SuccessorTarget(new SuccessorOptions()));
    }

    private static int Events() => Directory.EnumerateFileSystemEntries("/proc/self/fd")
        .Count(static path => new FileInfo(path).LinkTarget == "anon_inode:[eventfd]");
}
