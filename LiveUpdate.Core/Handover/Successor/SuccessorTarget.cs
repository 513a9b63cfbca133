using System.Runtime.Versioning;
using LiveUpdate.Abi;

namespace LiveUpdate;

/// <summary>
/// Hands over to another process that runs beside this one: it boots while this one still works, gets memory and descriptors early, and
/// takes
/// over at the commit. Until then any failure ends the successor, and this process goes on as if nothing had been tried.
/// </summary>
/// <remarks>
/// <para>At most one process ever acts as the owner. The successor acts only on the commit, or once it has verified and this process has
/// ended;
/// a successor whose predecessor ends before the go exits with <see cref="PredecessorGoneExitCode"/>. See <c>docs/handover.md</c>.</para>
/// <para>The successor is a child of this process unless it was adopted. It gets the standard streams and nothing else that is open here
/// but what is
/// preserved. After a hand-over this process should end; it is over as a generation.</para>
/// <para>A successor that this process may not kill, because it is another user's by then, is told to exit and cannot take over; one that
/// does not exit is reported in <see cref="LiveUpdateOrchestrator.CleanupErrors"/>.</para>
/// <para>A target may be used again after a hand-over was called off, and by one at a time.</para>
/// </remarks>
[SupportedOSPlatform("linux")]
public sealed class SuccessorTarget : HandoverTarget
{
    /// <summary>
    /// The exit code of a successor whose predecessor ended, or called off, before it handed over: 75, the C library's EX_TEMPFAIL.
    /// </summary>
    public const int PredecessorGoneExitCode = 75;

    private readonly SuccessorOptions _options;
    private CancellationSignal? _cancellation;
    private SuccessorConnection? _connection;
    private int _used;
    private bool _secretUsed;

    internal SuccessorTarget(SuccessorOptions options)
    {
        if (options.ListenPath is not null && string.IsNullOrEmpty(options.Secret))
            throw new ArgumentException("A successor that connects must know a secret: set Secret beside ListenPath.", nameof(options));
        if (options.ListenPath is not null && (options.Path is not null || options.Arguments is not null || options.Environment is not null))
            throw new ArgumentException("A successor is started or connects: set either ListenPath or Path, Arguments and Environment.", nameof(options));
        if (options.Resume is not null && options.Quiesce is null)
            throw new ArgumentException("Resume takes Quiesce back: set Quiesce beside it.", nameof(options));
        _options = options;
    }

    /// <inheritdoc/>
    internal override LuoCoreTarget Kind => LuoCoreTarget.Successor;

    /// <inheritdoc/>
    internal override bool ChecksDescriptors => false;

    /// <inheritdoc/>
    internal override Action<CancellationToken>? Quiesce => _options.Quiesce;

    /// <inheritdoc/>
    internal override Action? Resume => _options.Resume;

    /// <summary>Test seam: called as each phase is reached.</summary>
    internal Action<SuccessorPhase>? Reached { get; init; }

    /// <summary>The stream to another thread of this process, which plays the successor in a rehearsal; null to start or adopt one.</summary>
    internal SuccessorChannel? Rehearsed { get; init; }

    /// <inheritdoc/>
    internal override IReadOnlyList<PreflightFinding> Preflight(LiveUpdateEngine engine)
    {
        var findings = new List<PreflightFinding>();
        HandoverPreflight.AddIfMemoryIsPrivate(findings, engine);
        if (_options.ListenPath is null && Rehearsed is null)
            ExecCommandLine.AddIfNotExecutable(findings, new ExecOptions { Path = _options.Path });
        return findings;
    }

    /// <inheritdoc/>
    internal override void Prepare(LiveUpdateEngine engine, HandoverRun run, CancellationToken cancellationToken)
    {
        HandoverPreflight.Require(engine, this, Preflight(engine));
        if (Interlocked.Exchange(ref _used, 1) != 0)
            throw new InvalidOperationException("Another hand-over uses this target.");
        try
        {
            run.Begin(UpdateStep.Start);
            var cancellation = new CancellationSignal(cancellationToken);
            _cancellation = cancellation;
            SuccessorConnection connection = Connect(engine, cancellation);
            _connection = connection;
            connection.PreflightOrRefuse();
            Reached?.Invoke(SuccessorPhase.Greeted);
            run.Begin(UpdateStep.Transfer);
            connection.SendAll(engine.Memory.Memory.SharedFile!, run);
        }
        catch
        {
            CallOff();
            SuccessorPreflight.Forget(engine);
            Release();
            throw;
        }
    }

    /// <inheritdoc/>
    internal override void BeforeFreeze(LiveUpdateEngine engine)
    {
        _connection!.Preflight();
        _connection.Synchronize();
    }

    /// <inheritdoc/>
    internal override void Transfer(LiveUpdateEngine engine, HandoverRun run) => _connection!.Transfer(run);

    /// <inheritdoc/>
    internal override void CallOff() => _connection?.CallOff();

    /// <inheritdoc/>
    internal override void Release(LiveUpdateEngine engine)
    {
        SuccessorPreflight.Forget(engine);
        Release();
    }

    private void Release()
    {
        _connection?.Dispose();
        _cancellation?.Dispose();
        (_connection, _cancellation) = (null, null);
        Volatile.Write(ref _used, 0);
    }

    private SuccessorConnection Connect(LiveUpdateEngine engine, CancellationSignal cancellation)
    {
        Deadline deadline = Deadline.After(_options.StartTimeout);
        (SuccessorChannel channel, SuccessorHello hello) =
            _options.ListenPath is { } path ? Adopt(path, engine.Options, deadline, cancellation) : Start(engine, deadline, cancellation);
        return new SuccessorConnection(engine, channel, hello, _options, Reached);
    }

    private (SuccessorChannel Channel, SuccessorHello Hello) Adopt(
        string path, EngineOptions program, Deadline deadline, CancellationSignal cancellation)
    {
        if (_secretUsed)
            throw new InvalidOperationException("The secret has been used: make a target with another one.");
        using var listener = new SuccessorListener(path, _options.Secret!);
        Reached?.Invoke(SuccessorPhase.Connected);
        SuccessorRehearsal.Run(program);
        (SuccessorChannel channel, SuccessorHello hello) = listener.Accept(deadline, cancellation);
        _secretUsed = true;
        return (channel, hello);
    }

    private (SuccessorChannel Channel, SuccessorHello Hello) Start(LiveUpdateEngine engine, Deadline deadline, CancellationSignal cancellation)
    {
        SuccessorChannel channel = Rehearsed ?? SuccessorLauncher.Start(_options);
        try
        {
            channel.Cancellation = cancellation;
            Reached?.Invoke(SuccessorPhase.Connected);

            // The time until the successor has booted is used to have this side's code compiled before anything is frozen.
            SuccessorRehearsal.Run(engine.Options);
            return channel.Receive(deadline, SuccessorMessage.Hello) switch
            {
                SuccessorMessage.Hello => (channel, SuccessorHello.Read(channel.PayloadMemory)),
                SuccessorMessage.Failed => throw SuccessorExchange.CannotTakeOver(channel),
                _ => throw channel.Unexpected("something else than hello"),
            };
        }
        catch
        {
            new SuccessorEnding(channel, engine.KeepError).Kill(saidGo: false);
            channel.Dispose();
            throw;
        }
    }
}
