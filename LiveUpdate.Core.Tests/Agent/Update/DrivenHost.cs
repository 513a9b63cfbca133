using LiveUpdate.Agent;

namespace LiveUpdate.Tests.Agent;

/// <summary>The server around the update protocol, driven by a test: it holds the sessions that it is given, and hands over as it is told.</summary>
internal sealed class DrivenHost : UpdateHost
{
    private readonly Lock _lock = new();
    private readonly List<AgentEvent> _events = [];
    private readonly List<int> _ended = [];
    private ulong _update;
    private int _resumed;

    /// <summary>Administrators beside root.</summary>
    public HashSet<uint> Administrators { get; } = [0];

    public List<AgentSessionInfo> Sessions { get; } = [];

    public Dictionary<(string Name, bool IsIncoming), AgentFileInfo[]> Files { get; } = [];

    public Func<IReadOnlyList<PreflightFinding>> Findings { get; set; } = static () => [];

    public Func<CancellationToken, Task> Pausing { get; set; } = static _ => Task.CompletedTask;

    public Func<Action<string>, CancellationToken, Task> HandingOver { get; set; } = static (_, _) => Task.CompletedTask;

    public Action<KernelImage> Loading { get; set; } = static _ => { };

    public ulong Number { get; set; } = 7;

    public int Resumed => _resumed;

    public override string BackEnd => "managed";

    public override bool KeepsState => true;

    public override ulong Generation => Number;

    public override UpdateCounts Counts => new(1, 2, 3, 4, 5, 6);

    /// <summary>What was observed so far.</summary>
    public IReadOnlyList<AgentEvent> Events
    {
        get
        {
            lock (_lock)
                return [.. _events];
        }
    }

    /// <summary>The connections that have ended.</summary>
    public IReadOnlyList<int> Ended
    {
        get
        {
            lock (_lock)
                return [.. _ended];
        }
    }

    public override bool IsAdministrator(uint user) => Administrators.Contains(user);

    public override ulong NextUpdate() => Interlocked.Increment(ref _update);

    public override Task PauseAsync(CancellationToken cancellationToken) => Pausing(cancellationToken);

    public override void Resume() => Interlocked.Increment(ref _resumed);

    public override Task HandOverAsync(Action<string> phase, CancellationToken cancellationToken) => HandingOver(phase, cancellationToken);

    public override IReadOnlyList<PreflightFinding> Check() => Findings();

    public override IEnumerable<AgentSessionInfo> ListSessions() => Sessions;

    public override IReadOnlyList<AgentFileInfo>? ListFiles(SessionName session, bool isIncoming) =>
        Files.GetValueOrDefault((session.ToString(), isIncoming));

    public override void Load(KernelImage image) => Loading(image);

    public override void ConnectionEnded(int key)
    {
        lock (_lock)
            _ended.Add(key);
    }

    public override void Observe(AgentEvent happened)
    {
        lock (_lock)
            _events.Add(happened);
    }
}
