using System.Text;
using LiveUpdate.Agent;

namespace LiveUpdate.Tests.Agent;

/// <summary>Records as an agent sends them, one name among them that steers terminals.</summary>
internal static class LuoctlSamples
{
    public const string EvilName = "evil\u001b[2J\n\u202E";

    public static AgentStatus Status { get; } = new()
    {
        Agent = new AgentInfo(1, 4711, "managed", KeepsState: true, 3),
        Uptime = new TimeSpan(2, 3, 4),
        Phase = AgentUpdatePhase.Preparing,
        Update = 4,
        TimeLeft = TimeSpan.FromMilliseconds(12_340),
        DeviceConnections = 2,
        OutgoingSessions = 1,
        IncomingSessions = 2,
        ParkedSessions = 1,
        Files = 5,
        Bytes = 70_000_000,
        Subscribers =
        [
            new AgentSubscriberStatus(0, "vm-1", AgentSubscriberState.Ready),
            new AgentSubscriberStatus(12, EvilName, AgentSubscriberState.Preparing),
        ],
    };

    public static IReadOnlyList<AgentSessionInfo> Sessions { get; } =
    [
        new(NameOf("vm-1"u8), IsIncoming: false, 0, IsOpen: true, 3, 67_108_864),
        new(NameOf("vm-2"u8), IsIncoming: true, 1000, IsOpen: false, 1200, 512),
        new(NameOf(Encoding.UTF8.GetBytes(EvilName)), IsIncoming: true, 1000, IsOpen: true, 0, 0),
    ];

    public static IReadOnlyList<(bool IsIncoming, IReadOnlyList<AgentFileInfo> Files)> Sides { get; } =
    [
        (false, [new AgentFileInfo(ulong.MaxValue, 5, IsRetrieved: false)]),
        (true, [new AgentFileInfo(1, 1536, IsRetrieved: true), new AgentFileInfo(2, 0, IsRetrieved: false)]),
    ];

    public static IReadOnlyList<PreflightFinding> Findings { get; } =
    [
        new("good-to-know", PreflightSeverity.Information, "All is well."),
        new("kernel-not-loaded", PreflightSeverity.Blocking, "No kernel is loaded.", "Load one: luoctl load."),
        new("fdstore-too-small", PreflightSeverity.Warning, "12 descriptors, room for 10.", "Raise FileDescriptorStoreMax=."),
    ];

    public static KernelImage Kernel { get; } = new() { Path = "/boot/vmlinuz", CommandLine = "kho=on liveupdate=on" };

    public static IReadOnlyList<AgentEvent> Events { get; } =
    [
        new() { Kind = AgentEventKind.Phase, Phase = "idle" },
        new() { Kind = AgentEventKind.Phase, Phase = "prepare", Update = 4, Time = TimeSpan.FromMicroseconds(8) },
        OfSubscriber(AgentSubscriberState.Refused, TimeSpan.FromMilliseconds(12.5)) with { Reason = "disk full\nno" },
        new()
        {
            Kind = AgentEventKind.CalledOff, Phase = "prepare", Update = 4, Time = TimeSpan.FromSeconds(130), Error = LiveUpdateError.Busy, Reason = "vm-1 refuses",
        },
        new() { Kind = AgentEventKind.Over, Phase = "idle", Update = 5, Time = TimeSpan.FromSeconds(2.25) },
        new() { Kind = (AgentEventKind)99, Phase = "idle" },
    ];

    public static AgentUpdateResult Result { get; } = new()
    {
        Update = 4,
        Generation = 3,
        Duration = TimeSpan.FromSeconds(2),
        Phases =
        [
            new LiveUpdatePhase("prepare", TimeSpan.Zero, TimeSpan.FromSeconds(1)),
            new LiveUpdatePhase("barrier", TimeSpan.FromSeconds(1), TimeSpan.FromMicroseconds(12)),
            new LiveUpdatePhase("claim", TimeSpan.FromSeconds(1.5), TimeSpan.FromSeconds(0.5)),
        ],
        Subscribers =
        [
            new AgentSubscriberResult(0, "vm-1")
            {
                ReadyAfter = TimeSpan.FromMilliseconds(400),
                ClaimedAfter = TimeSpan.FromSeconds(1.75),
                FinishedAfter = TimeSpan.FromSeconds(2),
                State = AgentSubscriberState.Finished,
            },
            new AgentSubscriberResult(1, EvilName) { State = AgentSubscriberState.LeftBehind },
        ],
        Unfinished = [EvilName],
    };

    public static AgentEvent OfSubscriber(AgentSubscriberState state, TimeSpan time) => new()
    {
        Kind = AgentEventKind.Subscriber,
        Phase = "prepare",
        Update = 4,
        Time = time,
        SubscriberId = 7,
        Subscriber = "vm-1",
        State = state,
    };

    private static SessionName NameOf(ReadOnlySpan<byte> utf8) =>
        SessionName.TryCreate(utf8, out SessionName name) ? name : throw new ArgumentException("Not a name.", nameof(utf8));
}
