namespace LiveUpdate.TestHost;

/// <summary>The life of a process over its images; what a scenario does not override does the ordinary thing.</summary>
internal abstract class Scenario
{
    public const string SessionName = "scenario";

    /// <summary>How many updates there are before the process ends.</summary>
    protected virtual ulong Updates => 1;

    public static void Say(string text) => Console.Out.WriteLine(text);

    public void Run(string[] args)
    {
        BeforeBoot();
        using LiveUpdateOrchestrator luo = Boot();
        using LiveUpdateDevice device = luo.OpenDevice();
        if (luo.PreviousUpdate is not null)
        {
            using Session incoming = device.RetrieveSession(SessionName);
            Retrieve(luo, incoming, args);
            incoming.Finish();
        }

        if (luo.UpdateNumber == Updates)
            return;
        using Session outgoing = device.CreateSession(SessionName);
        Preserve(luo, outgoing, args);
        HandOver(luo);
    }

    protected static LiveUpdateOptions Options() => new()
    {
        MemorySize = 1 << 20,
        Handlers = { new MemfdHandler(), new StateHandler<Note>("note-v1", NoteFormatter.Instance), new DescriptorHandler() },
    };

    protected virtual void BeforeBoot()
    {
    }

    protected virtual LiveUpdateOrchestrator Boot() => LiveUpdateOrchestrator.Boot(Options());

    protected abstract void Preserve(LiveUpdateOrchestrator luo, Session session, string[] args);

    protected abstract void Retrieve(LiveUpdateOrchestrator luo, Session session, string[] args);

    protected virtual void HandOver(LiveUpdateOrchestrator luo) => luo.HandOver(HandoverTarget.Exec());

    /// <summary>The links of all descriptors of this process, by number.</summary>
    protected static Dictionary<int, string?> ListDescriptors() => Directory.EnumerateFileSystemEntries("/proc/self/fd")
        .ToDictionary(path => int.Parse(Path.GetFileName(path.AsSpan())), path => new FileInfo(path).LinkTarget);

    /// <summary>The descriptor of the preserved memory as the notice of the previous image says; null in the first image.</summary>
    protected static int? NoticedMemory() =>
        Environment.GetEnvironmentVariable("LIVEUPDATE_EXEC") is { } notice ? int.Parse(notice.Split(':')[2]) : null;

    /// <summary>Whether a descriptor passes an exec.</summary>
    protected static bool IsInheritable(int number)
    {
        string path = $"/proc/self/fdinfo/{number}";
        string? flags = File.Exists(path) ? File.ReadLines(path).First(line => line.StartsWith("flags:", StringComparison.Ordinal)) : null;
        return flags is not null && (Convert.ToInt32(flags[6..].Trim(), 8) & 0x80000) == 0;
    }
}
