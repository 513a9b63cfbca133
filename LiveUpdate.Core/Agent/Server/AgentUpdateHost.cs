using System.Runtime.Versioning;

namespace LiveUpdate.Agent;

/// <summary>What the update protocol needs of the agent.</summary>
[SupportedOSPlatform("linux")]
internal sealed class AgentUpdateHost(AgentServer server) : UpdateHost
{
    /// <inheritdoc/>
    public override string BackEnd => server.BackEndName;

    /// <inheritdoc/>
    public override bool KeepsState => server.KeepsState;

    /// <inheritdoc/>
    public override ulong Generation => server.Generation;

    /// <inheritdoc/>
    public override UpdateCounts Counts
    {
        get
        {
            IReadOnlyList<HeldSession> sessions = server.Sessions.All;
            return new UpdateCounts(
                server.DeviceClients,
                sessions.Count(static one => !one.IsIncoming),
                sessions.Count(static one => one.IsIncoming),
                sessions.Count(static one => one is { IsIncoming: true, Session: null }),
                sessions.Sum(static one => one.FileCount),
                sessions.Sum(static one => one.Bytes));
        }
    }

    /// <inheritdoc/>
    public override bool IsAdministrator(uint user) => server.IsAdministrator(user);

    /// <inheritdoc/>
    public override ulong NextUpdate() => server.NextUpdate();

    /// <summary>Requests wait once it cannot be done without: <see cref="AgentServer.HandOverAsync"/> sees to it.</summary>
    public override Task PauseAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public override void Resume() => server.Gate.Open();

    /// <inheritdoc/>
    public override Task HandOverAsync(Action<string> phase, CancellationToken cancellationToken) => server.HandOverAsync(phase, cancellationToken);

    /// <inheritdoc/>
    public override IReadOnlyList<PreflightFinding> Check() => server.Check();

    /// <inheritdoc/>
    public override IEnumerable<AgentSessionInfo> ListSessions() => server.Sessions.All.Select(static one =>
        new AgentSessionInfo(one.Name, one.IsIncoming, one.Owner.User, one.Session is not null, one.FileCount, one.Bytes));

    /// <inheritdoc/>
    public override IReadOnlyList<AgentFileInfo>? ListFiles(SessionName session, bool isIncoming) => server.ListFiles(session, isIncoming);

    /// <inheritdoc/>
    public override void Load(KernelImage image) => server.Load(image);

    /// <inheritdoc/>
    public override void ConnectionEnded(int key) => server.UpdateClientClosed(key);

    /// <inheritdoc/>
    public override void Observe(AgentEvent happened) => server.Instruments.Observe(happened);
}
