using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Agent;

/// <summary>The managed orchestrator, whose updates replace the agent's process.</summary>
[SupportedOSPlatform("linux")]
internal sealed class ManagedBackEnd(Func<LiveUpdateOptions> options, SuccessorOptions successor) : AgentBackEnd
{
    private const string CompatibleString = "agent-descriptor-v1";

    private LiveUpdateOrchestrator? _orchestrator;
    private LiveUpdateDevice? _device;
    private Action<string>? _phase;

    /// <inheritdoc/>
    internal override string Name => "managed";

    /// <inheritdoc/>
    internal override LiveUpdateDevice Device => _device ?? throw new InvalidOperationException("The back end is not booted.");

    /// <inheritdoc/>
    internal override bool IsOver => _orchestrator is { IsOver: true };

    /// <inheritdoc/>
    internal override bool HoldsFiles => true;

    /// <inheritdoc/>
    internal override async Task<IReadOnlyDictionary<string, SafeFileHandle>?> BootAsync(CancellationToken cancellationToken)
    {
        _orchestrator = await LiveUpdateOrchestrator.BootAsync(MakeOptions(), cancellationToken).ConfigureAwait(false);
        _device = _orchestrator.OpenDevice();
        if (!_device.TryRetrieveSession(SessionName, out Session? own))
            return null;
        var baggage = new Dictionary<string, SafeFileHandle>(StringComparer.Ordinal);
        foreach (SessionFile file in own.GetFiles())
            baggage[file.Name ?? ""] = own.Retrieve<SafeFileHandle>(file.Token);
        own.Close();
        return baggage;
    }

    /// <inheritdoc/>
    internal override IReadOnlyDictionary<int, Session> Rebuild(
        AgentLedger ledger, IReadOnlyDictionary<string, SafeFileHandle> stored, Action<int, Exception> report)
    {
        var rebuild = new ManagedRebuild(ledger, stored, report);
        if (rebuild.HasIncoming)
        {
            // What came from an earlier generation comes once more: preserved again, and handed over within the process.
            rebuild.PreserveIncoming(Device);
            using LiveUpdateOrchestrator before = _orchestrator!;
            _orchestrator = before.HandOver(HandoverTarget.InProcess(MakeOptions())).Next;
            Device.Dispose();
            _device = _orchestrator.OpenDevice();
            rebuild.RetrieveIncoming(Device);
        }

        rebuild.PreserveOutgoing(Device);
        return rebuild.Sessions;
    }

    /// <inheritdoc/>
    internal override IReadOnlyList<PreflightFinding> Check(int sessions) => _orchestrator!.Preflight(HandoverTarget.Successor(successor));

    /// <inheritdoc/>
    internal override async Task HandOverAsync(
        IReadOnlyDictionary<string, SafeHandle> baggage, Action<string> phase, CancellationToken cancellationToken)
    {
        Session own = Device.CreateSession(SessionName);
        var handles = new List<BaggageHandle>();
        try
        {
            ulong token = 0;
            foreach ((string key, SafeHandle descriptor) in baggage)
            {
                var handle = new BaggageHandle(descriptor);
                handles.Add(handle);
                own.Preserve(token++, handle, key);
            }

            _phase = phase;
            await _orchestrator!.HandOverAsync(HandoverTarget.Successor(successor), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _phase = null;

            // Silent after the commit.
            own.Dispose();
            foreach (BaggageHandle handle in handles)
                handle.Dispose();
        }
    }

    /// <inheritdoc/>
    private protected override void Dispose(bool disposing)
    {
        _device?.Dispose();
        _orchestrator?.Dispose();
    }

    private LiveUpdateOptions MakeOptions()
    {
        LiveUpdateOptions made = options();
        made.Handlers.Insert(0, new DescriptorHandler(CompatibleString, static file => file is BaggageHandle));
        made.Progress = new PhaseProgress(this);
        return made;
    }

    private sealed class PhaseProgress(ManagedBackEnd owner) : IProgress<LiveUpdateProgress>
    {
        public void Report(LiveUpdateProgress value) => owner._phase?.Invoke(value.Phase);
    }
}
