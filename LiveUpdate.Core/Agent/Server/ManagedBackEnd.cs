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
        AgentLedger ledger, IReadOnlyDictionary<string, SafeFileHandle> stored, Action<int, int?, Exception> report)
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
    internal override IReadOnlyList<PreflightFinding> Check(int sessions, IReadOnlyList<string> unfinished) =>
        _orchestrator!.Preflight(HandoverTarget.Successor(successor));

    /// <inheritdoc/>
    internal override async Task HandOverAsync(
        Func<CancellationToken, Task<IReadOnlyDictionary<string, SafeHandle>>> pack, Action<string> phase, CancellationToken cancellationToken)
    {
        var handles = new List<BaggageHandle>();
        Session? own = null;
        _phase = phase;
        try
        {
            // The successor is warm by then: requests wait for moments.
            await _orchestrator!.HandOverAsync(HandoverTarget.Successor(ThatQuiesces(Pack)), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _phase = null;

            // Silent after the commit.
            own?.Dispose();
            foreach (BaggageHandle handle in handles)
                handle.Dispose();
        }

        void Pack(CancellationToken token)
        {
            successor.Quiesce?.Invoke(token);
            own = Device.CreateSession(SessionName);
            ulong number = 0;
            foreach ((string key, SafeHandle descriptor) in pack(token).GetAwaiter().GetResult())
            {
                var handle = new BaggageHandle(descriptor);
                handles.Add(handle);
                own.Preserve(number++, handle, key);
            }
        }
    }

    /// <inheritdoc/>
    private protected override void Dispose(bool disposing)
    {
        _device?.Dispose();
        _orchestrator?.Dispose();
    }

    private SuccessorOptions ThatQuiesces(Action<CancellationToken> quiesce) => new()
    {
        Path = successor.Path,
        Arguments = successor.Arguments,
        Environment = successor.Environment,
        ListenPath = successor.ListenPath,
        Secret = successor.Secret,
        Quiesce = quiesce,
        Resume = successor.Resume,
        StartTimeout = successor.StartTimeout,
        TransferTimeout = successor.TransferTimeout,
        VerifyTimeout = successor.VerifyTimeout,
    };

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
