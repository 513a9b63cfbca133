using LiveUpdate.Agent;
using static LiveUpdate.Agent.UpdateMessageKind;

namespace LiveUpdate.Tests.Agent;

/// <summary>A message of each kind.</summary>
internal static class UpdateSamples
{
    private static readonly AgentInfo s_agent = new(1, 4242, "managed", true, 7);

    public static AgentEvent Event { get; } = new()
    {
        Kind = AgentEventKind.Subscriber,
        Update = 9,
        Time = TimeSpan.FromMicroseconds(123_456),
        Phase = "prepare",
        SubscriberId = 3,
        Subscriber = "dätabase",
        State = AgentSubscriberState.Refused,
        Error = LiveUpdateError.Busy,
        Reason = "no",
    };

    public static IReadOnlyList<UpdateRequest> Requests { get; } =
    [
        new(Hello) { Number = 1, Version = 1, Name = "program" },
        new(Subscribe) { Number = 2, Name = "dätabase" },
        new(Ready) { Number = 9 },
        new(Refuse) { Number = 9, Reason = "a disk is busy" },
        new(Claimed) { Number = 9 },
        new(Finished) { Number = 9 },
        new(Start) { Number = 3, PrepareTime = TimeSpan.FromSeconds(1), ClaimTime = TimeSpan.FromSeconds(2), LeavesSilentBehind = true },
        new(Cancel) { Number = 4, Update = 9 },
        new(Status) { Number = 5 },
        new(UpdateMessageKind.Sessions) { Number = 6 },
        new(UpdateMessageKind.Sessions) { Number = 6, Session = Session, IsIncoming = true },
        new(UpdateMessageKind.Files) { Number = 7, Session = Session, IsIncoming = true, Skip = 800 },
        new(Check) { Number = 8 },
        new(Watch) { Number = 9 },
        new(Load) { Number = ulong.MaxValue, Image = new KernelImage { Path = "/boot/vmlinuz", Initrd = "/boot/initrd", CommandLine = "liveupdate=on" } },
        new(Load) { Number = 11, Image = new KernelImage { Path = "/boot/vmlinuz", CommandLine = "" } },
    ];

    public static IReadOnlyList<UpdateNotice> Notices { get; } =
    [
        new(Welcome) { Number = 1, Agent = s_agent },
        new(Done) { Number = 3, RequestKind = (byte)Start, Update = 9 },
        new(Error) { Number = 3, RequestKind = (byte)Start, Error = LiveUpdateError.Busy, Text = "Update 8 is under way." },
        new(Prepare) { Number = 9, TimeLeft = TimeSpan.FromSeconds(30) },
        new(Go) { Number = 9 },
        new(CalledOff) { Number = 9, Error = LiveUpdateError.TimedOut, Text = "Subscribers were not ready in time: one" },
        new(Updated) { Number = 9, Generation = 8, TimeLeft = TimeSpan.FromSeconds(60) },
        new(Over) { Number = 9, Generation = 8, Claimed = 3, Finished = 2, Names = ["one", "two"] },
        new(StatusAnswer)
        {
            Number = 5,
            Status = new AgentStatus
            {
                Agent = s_agent,
                Uptime = TimeSpan.FromDays(100),
                Phase = AgentUpdatePhase.Claiming,
                Update = 9,
                TimeLeft = TimeSpan.FromSeconds(3),
                DeviceConnections = 1,
                OutgoingSessions = 2,
                IncomingSessions = 3,
                ParkedSessions = 4,
                Files = 5,
                Bytes = 1L << 40,
                Subscribers = [new(3, "one", AgentSubscriberState.Ready), new(4, "two", AgentSubscriberState.Gone)],
            },
        },
        new(SessionsAnswer) { Number = 6, Sessions = [new(Session, false, 1000, true, 3, 4096), new(Session, true, 0, false, 0, 0)], HasMore = true },
        new(FilesAnswer) { Number = 7, Files = [new(new Token(1), 4096, false), new(new Token(ulong.MaxValue), 0, true)] },
        new(FindingsAnswer) { Number = 8, Findings = [new("agent-keeps-nothing", PreflightSeverity.Warning, "It keeps nothing.", "Start a keeper."), new("x", PreflightSeverity.Blocking, "It is so.")] },
        new(UpdateMessageKind.Event) { Event = Event },
        new(UpdateMessageKind.Event) { Event = new AgentEvent { Kind = AgentEventKind.Over, Phase = "claim" } },
        new(Restarted),
    ];

    public static byte[] Saved { get; } = new UpdateSaved
    {
        Update = 9,
        StartedAt = 123_456_789,
        ClaimTime = TimeSpan.FromSeconds(60),
        Initiator = 3,
        Gone = ["gone"],
        Watchers = [3],
        Members = [new(1, "one", AgentSubscriberState.Ready), new(2, "two", AgentSubscriberState.LeftBehind)],
    }.Write([(1, 0, true, "one"), (2, 1000, true, ""), (3, 0, false, "")]);

    private static SessionName Session => SessionName.TryCreate("a session"u8, out SessionName name) ? name : default;
}
