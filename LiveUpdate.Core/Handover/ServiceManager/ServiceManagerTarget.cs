using System.Runtime.Versioning;
using LiveUpdate.Abi;

namespace LiveUpdate;

/// <summary>
/// Hands over by the service manager, systemd: memory and descriptors go into the file descriptor store of this process's service, this
/// process ends, and the manager passes them to the process that it starts next. Until the commit everything here goes on if anything
/// fails.
/// </summary>
/// <remarks>
/// <para>Hand over when the service is told to stop, as by SIGTERM, and end the process when it returns: <c>systemctl restart</c> starts
/// the next one. A service with <c>Restart=always</c> may as well hand over by itself and exit. The unit must have room:
/// <c>FileDescriptorStoreMax=</c> is 0 unless set. Whether it has says <see cref="LiveUpdateOrchestrator.Preflight"/>.</para>
/// <para>The manager starts the next process only when this one has ended, so there is never more than one owner. That one boots from what
/// is written in the memory, or cold: <c>docs/systemd.md</c> says what it finds wherever this one is killed.</para>
/// <para>After a hand-over this process is over as a generation, and a second one of it is refused. If the hand-over is called off the
/// target may be used again.</para>
/// </remarks>
[SupportedOSPlatform("linux")]
public sealed class ServiceManagerTarget : HandoverTarget
{
    private readonly ServiceManagerOptions _options;
    private CancellationSignal? _cancellation;
    private DescriptorStore? _store;
    private bool _committed;

    internal ServiceManagerTarget(ServiceManagerOptions options)
    {
        if (options.Resume is not null && options.Quiesce is null)
            throw new ArgumentException("Resume takes Quiesce back: set Quiesce beside it.", nameof(options));
        _options = options;
    }

    /// <inheritdoc/>
    internal override LuoCoreTarget Kind => LuoCoreTarget.ServiceManager;

    /// <inheritdoc/>
    internal override bool ChecksDescriptors => true;

    /// <summary>Test seam: called as each phase is reached.</summary>
    internal Action<ServiceManagerPhase>? Reached { get; init; }

    /// <inheritdoc/>
    internal override IReadOnlyList<PreflightFinding> Preflight(LiveUpdateEngine engine) => ServiceManagerPreflight.Run(engine, _options);

    /// <inheritdoc/>
    internal override void Prepare(LiveUpdateEngine engine, HandoverRun run, CancellationToken cancellationToken)
    {
        var findings = new List<PreflightFinding>();
        HandoverPreflight.AddIfMemoryIsPrivate(findings, engine);
        HandoverPreflight.Require(engine, this, findings);
        engine.Descriptors.ThrowIfReplaced();
        StoreLedger.Claim();
        try
        {
            var cancellation = new CancellationSignal(cancellationToken);
            _cancellation = cancellation;
            _store = Open(engine, cancellation);
            Reached?.Invoke(ServiceManagerPhase.Connected);
            ServiceState? state = ServiceQuery.Ask(_options, out string? reason);
            HandoverPreflight.Require(engine, this, ServiceManagerPreflight.Examine(engine, _options, state, reason));
            run.Begin(UpdateStep.Transfer);
            _store.StoreAll(engine.Memory.Memory.SharedFile!, state?.Stored, Reached);
            run.Report("transfer", engine.Descriptors.Count, engine.Descriptors.Count);
            Reached?.Invoke(ServiceManagerPhase.Settled);
        }
        catch
        {
            Release(engine);
            throw;
        }
    }

    /// <inheritdoc/>
    internal override Action<CancellationToken>? Quiesce => _options.Quiesce;

    /// <inheritdoc/>
    internal override Action? Resume => _options.Resume;

    /// <inheritdoc/>
    internal override void BeforeFreeze(LiveUpdateEngine engine) => _store!.Settle();

    /// <inheritdoc/>
    internal override void Transfer(LiveUpdateEngine engine, HandoverRun run)
    {
        Reached?.Invoke(ServiceManagerPhase.Frozen);
        _store!.AwaitLastAnswer();
        Reached?.Invoke(ServiceManagerPhase.Answered);
        _cancellation!.Token.ThrowIfCancellationRequested();

        // The point of no return. The image is written and the manager holds everything, so a process that is killed has handed over from
        // the serialization on; from here on this one does not take it back either.
        _committed = true;
        StoreLedger.HandedOver();
        run.Begin(UpdateStep.Commit);
        engine.End();
        engine.Memory.Dispose();
        engine.Descriptors.ReleaseOutgoing();
        Reached?.Invoke(ServiceManagerPhase.Committed);
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Nothing is taken out of the store while files are frozen: nobody acts on it as long as this process lives, and should it die, the
    /// image is gone with the thaw, which comes first.
    /// </remarks>
    internal override void Release(LiveUpdateEngine engine)
    {
        if (!_committed)
            _store?.Undo();
        _store?.Dispose();
        _cancellation?.Dispose();
        (_store, _cancellation) = (null, null);
        StoreLedger.Release();
    }

    private DescriptorStore Open(LiveUpdateEngine engine, CancellationSignal cancellation)
    {
        try
        {
            return DescriptorStore.Open(engine, _options, cancellation);
        }
        catch (LiveUpdateException exception)
        {
            HandoverPreflight.Require(engine, this, [ServiceManagerPreflight.OfConnection(exception)]);
            throw;
        }
    }
}
