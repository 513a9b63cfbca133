using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Kho;

namespace LiveUpdate;

/// <summary>
/// The Live Update Orchestrator of this process: one generation, from its boot to its hand-over (reference 4.1).
/// </summary>
/// <remarks>
/// <para>One <c>Main</c> serves every generation: <see cref="BootAsync"/> starts cold, or from what the previous generation handed over.
/// Handlers belong into the options before that; what they are for must be known when the device is first opened (O-25).</para>
/// <para>Safe for threads. After a hand-over every operation throws ESHUTDOWN; disposing is then silent. Disposing without one closes every
/// outgoing session.</para>
/// </remarks>
public sealed partial class LiveUpdateOrchestrator : IAsyncDisposable, IDisposable
{
    private readonly LiveUpdateEngine _engine;
    private readonly bool _discardUnfinished;
    private LaterWork? _afterPause;

    private LiveUpdateOrchestrator(LiveUpdateEngine engine, bool discardUnfinished, LiveUpdateReport? previous) =>
        (_engine, _discardUnfinished, PreviousUpdate) = (engine, discardUnfinished, previous);

    /// <summary>The report of the update that brought this generation; null after a cold start.</summary>
    public LiveUpdateReport? PreviousUpdate { get; }

    /// <summary>The number of the update that brought this generation; 0 after a cold start (reference A-12).</summary>
    public ulong UpdateNumber => _engine.Number;

    /// <summary>
    /// Whether this generation has been handed over: every operation then throws ESHUTDOWN, and the program should end.
    /// </summary>
    /// <remarks>
    /// After a hand-over that threw this tells the one bad case from all others. False: it was called off, and everything goes on. True: the
    /// next generation took over and ended right then; going on here would make a second owner of what it had begun to use.
    /// </remarks>
    public bool IsOver => _engine.Gate.IsOver;

    /// <summary>Preserved memory, for handlers and FLBs that are made outside a callback, and for its account of pages.</summary>
    public KexecHandover Memory => _engine.Memory;

    /// <summary>The descriptors that travel beside preserved memory.</summary>
    public DescriptorSlots Descriptors => _engine.Descriptors;

    /// <summary>
    /// What callbacks threw that cannot refuse (<c>Unpreserve</c>, <c>Unfreeze</c>, <c>Finish</c>, <see cref="SuccessorOptions.Resume"/>), and
    /// EPERM with the operation <c>end successor</c> for a successor that could be neither killed nor told to exit; oldest first, the newest
    /// 256 are kept.
    /// </summary>
    public IReadOnlyList<LiveUpdateException> CleanupErrors => _engine.CleanupErrors;

    /// <summary>The engine behind it.</summary>
    internal LiveUpdateEngine Engine => _engine;

    /// <summary>Boots an orchestrator: from what the previous generation handed over, or cold.</summary>
    /// <param name="options">Read now; later changes have no effect.</param>
    /// <remarks>
    /// After <see cref="HandoverTarget.Exec"/> the first boot in the new image finds what was handed over by itself, and after
    /// <see cref="HandoverTarget.ServiceManager"/> the first one in the process that the manager starts. If it throws, all of that is still
    /// there for another attempt; only a damaged image cannot be booted from. The same is true of a boot across a kernel
    /// (<see cref="LiveUpdateOptions.Across"/>), within one process: its end ends what came.
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A cold start, and <see cref="LiveUpdateOptions.MemorySize"/> is not positive, or too large.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// A generation before this one handed over, or hands over, and the options bring their own memory. Or this process was a successor
    /// that could not take over: it has to end.
    /// </exception>
    /// <exception cref="LiveUpdateImageException">What was handed over is damaged: fatal, nothing is gone on with (reference O-04).</exception>
    /// <exception cref="LiveUpdateException">
    /// EEXIST, ENOSPC: a handler or FLB is refused. ENOMEM: the memory is too small. Across a kernel also what the device refuses: ENODEV,
    /// EBUSY, EIO, EACCES, EPERM (<see cref="KernelDevice.Open"/>); EINVAL, EEXIST: another process has the sessions; EMFILE. As a successor:
    /// ENOENT, ECONNREFUSED: nobody listens at <see cref="LiveUpdateOptions.Predecessor"/>; EPERM: another user's process does, and is not told
    /// the secret; EACCES and others: the predecessor refuses; EPROTO, EOPNOTSUPP: what it says cannot be read.
    /// </exception>
    /// <exception cref="PlatformNotSupportedException">Across a kernel, and the system is not Linux.</exception>
    public static LiveUpdateOrchestrator Boot(LiveUpdateOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return OperatingSystem.IsLinux() && options.IsEnabled && PredecessorSearch.IsExpected(options.Predecessor)
            ? TryBootSuccessor(options, CancellationToken.None) ?? BootAlone(options)
            : BootAlone(options);
    }

    /// <summary>Boots an orchestrator: from what the previous generation handed over, or cold.</summary>
    /// <param name="options">Read now; later changes have no effect.</param>
    /// <param name="cancellationToken">
    /// Calls the boot off before it begins, and that of a successor until it has verified; its predecessor then goes on.
    /// </param>
    /// <inheritdoc cref="Boot"/>
    public static Task<LiveUpdateOrchestrator> BootAsync(LiveUpdateOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (cancellationToken.IsCancellationRequested)
            return Task.FromCanceled<LiveUpdateOrchestrator>(cancellationToken);
        if (OperatingSystem.IsLinux() && options.IsEnabled && PredecessorSearch.IsExpected(options.Predecessor))
            return BootSuccessorAsync(options, cancellationToken);
        return Task.FromResult(BootAlone(options));
    }

    [SupportedOSPlatform("linux")]
    private static Task<LiveUpdateOrchestrator> BootSuccessorAsync(LiveUpdateOptions options, CancellationToken cancellationToken) =>
        OnThreadOfItsOwn(() => TryBootSuccessor(options, cancellationToken) ?? BootAlone(options));

    [SupportedOSPlatform("linux")]
    private static LiveUpdateOrchestrator? TryBootSuccessor(LiveUpdateOptions options, CancellationToken cancellationToken)
    {
        EngineOptions program = ToEngineOptions(options);
        SuccessorArrival? arrival = PredecessorSearch.Find(options.Predecessor, program, options.SuccessorReached, cancellationToken);
        if (arrival is null)
            return null;
        try
        {
            if (options.Memory is not null)
                throw new InvalidOperationException("The predecessor hands its memory to this process: leave Memory unset in the options.");
            using var cancellation = new CancellationSignal(cancellationToken);
            LiveUpdateEngine engine = arrival.Receive(program, cancellation);
            LiveUpdateOrchestrator next = Create(engine, options.DiscardUnfinished, arrival.Timeline, arrival.Collections);
            PredecessorSearch.End();
            next._afterPause = arrival.DisposeLater(next.ReportBoot);
            return next;
        }
        catch
        {
            arrival.Dispose();
            throw;
        }
    }

    private static LiveUpdateOrchestrator BootAlone(LiveUpdateOptions options)
    {
        if (options is { Across: LiveUpdateAcross.Kernel, IsEnabled: true })
        {
            return OperatingSystem.IsLinux()
                ? BootAcrossKernel(options)
                : throw new PlatformNotSupportedException("Only Linux can be updated across its kernel.");
        }

        var timeline = new UpdateTimeline();
        timeline.Begin(UpdateStep.Attach);
        CollectionWatch watch = CollectionWatch.Start();
        Arrival? arrival = OperatingSystem.IsLinux() && options.IsEnabled ? Arrival.Find() : null;
        KhoMemory? arrived = OperatingSystem.IsLinux() ? arrival?.OpenMemory() : null;
        if (arrived is not null && options.Memory is not null)
        {
            arrived.Dispose();
            throw new InvalidOperationException("The generation before handed its memory to this process: leave Memory unset in the options.");
        }

        KhoMemory memory = options.Memory ?? arrived ?? CreateMemory(options.MemorySize);
        LiveUpdateEngine engine = LiveUpdateEngine.Attach(memory, ToEngineOptions(options), ownsMemory: options.Memory is null);
        try
        {
            if (OperatingSystem.IsLinux())
                arrival?.Check(engine);
            timeline.Begin(UpdateStep.Activate);
            engine.Activate();
            if (OperatingSystem.IsLinux())
                arrival?.Adopt(engine);
            timeline.Begin(UpdateStep.Done);
            LiveUpdateOrchestrator next = Create(engine, options.DiscardUnfinished, timeline, watch.Stop(wasHeldOff: false));
            next.ReportBoot();
            return next;
        }
        catch
        {
            engine.Dispose();
            throw;
        }
    }

    /// <summary>Opens the control device: exclusive, as <c>/dev/liveupdate</c> is (reference 4.2).</summary>
    /// <remarks>The first open reads the sessions that were handed over; its first error is remembered for ever (O-21).</remarks>
    /// <exception cref="InvalidOperationException">Called from a callback.</exception>
    /// <exception cref="LiveUpdateException">
    /// EOPNOTSUPP: switched off. ESHUTDOWN: handed over. EBUSY: it is open. EIO: what was handed over cannot be read, now or earlier.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The orchestrator is disposed.</exception>
    public LiveUpdateDevice OpenDevice() => _engine.OpenDevice();

    /// <summary>
    /// Hands this generation over. If it throws, nothing happened: everything is unfrozen and goes on. If it returns, the next generation has
    /// it all and this one is over. Where a successor ends right after the commit it throws, and <see cref="IsOver"/> is true.
    /// </summary>
    /// <param name="target">The way into the next generation.</param>
    /// <param name="cancellationToken">Calls the hand-over off; ignored after the commit.</param>
    /// <returns>What was moved and how long it took.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="target"/> is null.</exception>
    /// <exception cref="ArgumentException">The target returns the next generation, or the caller carries the update out.</exception>
    /// <exception cref="InvalidOperationException">
    /// Incoming sessions are unfinished, called from a callback, or another hand-over uses the target.
    /// </exception>
    /// <exception cref="LiveUpdateException">The first cause that called it off; ESHUTDOWN: handed over. EBUSY: another one is under way.</exception>
    /// <exception cref="OperationCanceledException">Cancelled before the commit.</exception>
    /// <exception cref="ObjectDisposedException">The orchestrator is disposed.</exception>
    public LiveUpdateReport HandOver(HandoverTarget target, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(target);
        if (target is InProcessTarget)
            throw new ArgumentException("This target returns the next generation; call the overload for it.", nameof(target));
        if (OperatingSystem.IsLinux() && target is KernelTarget { By: KexecBy.Caller })
            throw new ArgumentException("The caller carries this update out: use Prepare.", nameof(target));
        return HandoverProcedure.Run(_engine, target, _discardUnfinished, cancellationToken);
    }

    /// <summary>Changes the generation within the process.</summary>
    /// <param name="target">How the next generation boots.</param>
    /// <param name="cancellationToken">Calls the hand-over off; ignored after the commit.</param>
    /// <returns>The next generation, owned by the caller, and the report.</returns>
    /// <inheritdoc cref="HandOver(HandoverTarget, CancellationToken)"/>
    public InProcessHandover HandOver(InProcessTarget target, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(target);
        InProcessTarget once = target.ForOneHandover();
        LiveUpdateReport report = HandoverProcedure.Run(_engine, once, _discardUnfinished, cancellationToken);
        LiveUpdateEngine next = once.TakeNext();
        LiveUpdateOrchestrator orchestrator = Create(next, once.DiscardUnfinished, once.Timeline, report.Collections);
        orchestrator.ReportBoot();
        return new InProcessHandover(orchestrator, report);
    }

    /// <summary>
    /// Hands this generation over on a thread of its own: it waits for another process, and takes no thread of the pool for that.
    /// </summary>
    /// <inheritdoc cref="HandOver(HandoverTarget, CancellationToken)"/>
    public Task<LiveUpdateReport> HandOverAsync(HandoverTarget target, CancellationToken cancellationToken = default) =>
        OnThreadOfItsOwn(() => HandOver(target, cancellationToken));

    /// <summary>Changes the generation within the process, on a thread of its own.</summary>
    /// <inheritdoc cref="HandOver(InProcessTarget, CancellationToken)"/>
    public Task<InProcessHandover> HandOverAsync(InProcessTarget target, CancellationToken cancellationToken = default) =>
        OnThreadOfItsOwn(() => HandOver(target, cancellationToken));

    /// <summary>
    /// Closes every outgoing session, newest first, and releases the memory; after a hand-over only the latter. Waits for operations, and for a
    /// hand-over, under way; what comes later throws <see cref="ObjectDisposedException"/>. Does nothing when called again.
    /// </summary>
    /// <exception cref="InvalidOperationException">Called from a callback.</exception>
    public void Dispose()
    {
        CallbackScope.ThrowIfActive("dispose");
        _engine.Dispose();
        Interlocked.Exchange(ref _afterPause, null)?.Finish();
    }

    /// <inheritdoc cref="Dispose"/>
    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>What the engine needs of the options.</summary>
    internal static EngineOptions ToEngineOptions(LiveUpdateOptions options) => new()
    {
        Handlers = [.. options.Handlers],
        Logger = new GuardedLogger(options.Logger),
        IsEnabled = options.IsEnabled,
        GateTimeout = options.GateTimeout,
        FreezeTimeout = options.FreezeTimeout,
        NoCollectionBytes = options.NoCollectionBytes,
        RehearseBoot = RehearseBoot,
        Rehearse = options.Rehearse,
        Progress = options.Progress is { } progress ? new GuardedProgress(progress) : null,
    };

    // What a program does first as a successor; its code is then there when it does so within the pause.
    private static void RehearseBoot(LiveUpdateEngine engine, UpdateTimeline timeline, string session)
    {
        using LiveUpdateOrchestrator orchestrator = Create(engine, new LiveUpdateOptions().DiscardUnfinished, timeline, default);
        using LiveUpdateDevice device = orchestrator.OpenDevice();
        if (orchestrator.PreviousUpdate is null)
            return;
        using Session incoming = device.RetrieveSession(session);
        foreach (SessionFile file in incoming.GetFiles())
            incoming.Retrieve<SafeHandle>(file.Token.Value).Dispose();
        incoming.Finish();
    }

    private void ReportBoot() => _engine.ReportBoot(PreviousUpdate);

    private static Task<T> OnThreadOfItsOwn<T>(Func<T> work) => Task.Factory.StartNew(
        work, CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);

    private static KhoMemory CreateMemory(long size) =>
        OperatingSystem.IsLinux() ? KhoMemory.CreateShared(size) : KhoMemory.Allocate(size);

    private static LiveUpdateOrchestrator Create(
        LiveUpdateEngine engine, bool discardUnfinished, UpdateTimeline timeline, in LiveUpdateCollections collections)
    {
        LiveUpdateReport? report = engine.HasIncoming ? HandoverReport.OfIncoming(engine, timeline, collections) : null;
        return new LiveUpdateOrchestrator(engine, discardUnfinished, report);
    }
}
