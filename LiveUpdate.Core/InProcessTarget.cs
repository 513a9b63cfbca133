using LiveUpdate.Abi;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate;

/// <summary>
/// A generation change within the process: the next orchestrator boots on the same memory, beside this one until the commit.
/// </summary>
/// <remarks>What was not preserved is poisoned at the commit, so that a handler that forgets to preserve is caught by its own test.</remarks>
public sealed class InProcessTarget : HandoverTarget
{
    private readonly LiveUpdateOptions _options;
    private LiveUpdateEngine? _next;
    private UpdateTimeline? _timeline;

    internal InProcessTarget(LiveUpdateOptions options) => _options = options;

    /// <inheritdoc/>
    internal override LuoCoreTarget Kind => LuoCoreTarget.InProcess;

    /// <inheritdoc/>
    internal override bool ChecksDescriptors => false;

    /// <summary>A target that keeps what one hand-over made: this one may be used by several at once.</summary>
    internal InProcessTarget ForOneHandover() => new(_options);

    /// <summary>Whether hand-overs of the next generation drop unfinished sessions.</summary>
    internal bool DiscardUnfinished => _options.DiscardUnfinished;

    /// <summary>The next generation, after the commit.</summary>
    internal LiveUpdateEngine TakeNext() => _next ?? throw new InvalidOperationException("There is no next generation.");

    /// <summary>The phases of the next generation's boot.</summary>
    internal UpdateTimeline Timeline => _timeline ?? throw new InvalidOperationException("There is no next generation.");

    /// <inheritdoc/>
    internal override void Transfer(LiveUpdateEngine engine, HandoverRun run)
    {
        run.Begin(UpdateStep.Verify);
        var timeline = new UpdateTimeline();
        timeline.Begin(UpdateStep.Attach);
        LiveUpdateEngine next = LiveUpdateEngine.Attach(engine.Memory.Memory, LiveUpdateOrchestrator.ToEngineOptions(_options));
        try
        {
            next.Descriptors.SetIncoming(Duplicate(engine), engine.Descriptors.Count);
            timeline.Begin(UpdateStep.Verify);
            next.Deserialize();
            next.Verify();
        }
        catch
        {
            next.Dispose();
            throw;
        }

        // The commit: from here on the memory is the next generation's, and nothing below can fail.
        run.Begin(UpdateStep.Commit);
        engine.GiveMemoryTo(next);
        engine.End();
        timeline.Begin(UpdateStep.Activate);
        next.Activate();
        timeline.Begin(UpdateStep.Done);
        (_next, _timeline) = (next, timeline);
    }

    private static SafeFileHandle?[] Duplicate(LiveUpdateEngine engine)
    {
        if (!OperatingSystem.IsLinux())
            return [];
        IReadOnlyList<System.Runtime.InteropServices.SafeHandle?> outgoing = engine.Descriptors.Outgoing;
        var duplicates = new SafeFileHandle?[outgoing.Count];
        try
        {
            for (int slot = 0; slot < duplicates.Length; slot++)
                duplicates[slot] = outgoing[slot] is { } handle ? DescriptorInfo.Duplicate(handle) : null;
            return duplicates;
        }
        catch
        {
            foreach (SafeFileHandle? duplicate in duplicates)
                duplicate?.Dispose();
            throw;
        }
    }
}
