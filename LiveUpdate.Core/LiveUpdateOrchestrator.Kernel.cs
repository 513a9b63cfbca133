using System.Runtime.Versioning;
using LiveUpdate.Kho;

namespace LiveUpdate;

/// <content>Across a kernel: the boot, and updates that somebody else carries out.</content>
public sealed partial class LiveUpdateOrchestrator
{
    /// <summary>
    /// Makes everything ready for a kexec by somebody else (kexec-tools, <c>systemctl kexec</c>): frozen, written, the kernel's sessions held.
    /// </summary>
    /// <param name="target">A target with <see cref="KexecBy.Caller"/>.</param>
    /// <param name="cancellationToken">Calls it off, until it is prepared.</param>
    /// <returns>The prepared update: abort it, or have the kernel replaced.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="target"/> is null.</exception>
    /// <exception cref="ArgumentException">The library carries the update out itself: use <c>HandOver</c>.</exception>
    /// <exception cref="InvalidOperationException">Incoming sessions are unfinished, or called from a callback.</exception>
    /// <exception cref="LiveUpdateException">The first cause that called it off; ESHUTDOWN: handed over. EBUSY: another one is under way.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; everything is as before.</exception>
    /// <exception cref="ObjectDisposedException">The orchestrator is disposed.</exception>
    [SupportedOSPlatform("linux")]
    public PreparedUpdate Prepare(HandoverTarget target, CancellationToken cancellationToken = default) =>
        PrepareAsync(target, cancellationToken).GetAwaiter().GetResult();

    /// <inheritdoc cref="Prepare"/>
    [SupportedOSPlatform("linux")]
    public Task<PreparedUpdate> PrepareAsync(HandoverTarget target, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(target);
        CallbackScope.ThrowIfActive("prepare");
        if (target is not KernelTarget { By: KexecBy.Caller } kernel)
            throw new ArgumentException("This target carries the update out itself: use HandOver.", nameof(target));
        return PreparedUpdate.PrepareAsync(
            kernel, prepared => HandoverProcedure.Run(_engine, prepared, _discardUnfinished, cancellationToken));
    }

    [SupportedOSPlatform("linux")]
    private static LiveUpdateOrchestrator BootAcrossKernel(LiveUpdateOptions options)
    {
        if (options.Memory is not null)
            throw new InvalidOperationException("Across a kernel the orchestrator makes its memory: leave Memory unset in the options.");
        var timeline = new UpdateTimeline();
        timeline.Begin(UpdateStep.Attach);
        CollectionWatch watch = CollectionWatch.Start();
        using KernelBoot boot = KernelBoot.Begin(options.KernelDevicePath, options.KernelSessionName);
        KhoMemory memory = boot.OpenMemory(options.MemorySize);
        LiveUpdateEngine engine = LiveUpdateEngine.Attach(memory, ToEngineOptions(options), ownsMemory: true);
        try
        {
            boot.Check(engine);
            boot.Renew();
            timeline.Begin(UpdateStep.Activate);
            engine.Activate();
            boot.Adopt();
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
}
