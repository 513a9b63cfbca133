using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Agent;

/// <summary>The real device, whose updates replace the kernel.</summary>
[SupportedOSPlatform("linux")]
internal sealed class KernelBackEnd(AgentKernelOptions options) : AgentBackEnd
{
    private const int MostNamed = 10;

    // By token.
    private static readonly string[] s_baggage = [StoreKey.Ledger, AgentServer.UpdateState];

    private KernelDevice? _device;

    /// <inheritdoc/>
    internal override string Name => "kernel";

    /// <inheritdoc/>
    internal override LiveUpdateDevice Device => _device ?? throw new InvalidOperationException("The back end is not booted.");

    /// <inheritdoc/>
    internal override bool HasSessionDescriptors => true;

    /// <inheritdoc/>
    internal override Task<IReadOnlyDictionary<string, SafeFileHandle>?> BootAsync(CancellationToken cancellationToken)
    {
        _device = KernelDevice.Open(options.DevicePath, options.Device);
        return Task.FromResult<IReadOnlyDictionary<string, SafeFileHandle>?>(TakeBaggage());
    }

    /// <inheritdoc/>
    internal override IReadOnlyDictionary<int, Session> Rebuild(
        AgentLedger ledger, IReadOnlyDictionary<string, SafeFileHandle> stored, Action<int, int?, Exception> report)
    {
        var sessions = new Dictionary<int, Session>();
        foreach (int index in ledger.Contents.Sessions)
        {
            if (!stored.TryGetValue(StoreKey.OfKernelSession(index), out SafeFileHandle? descriptor))
                continue;
            try
            {
                KernelSession session = KernelDevice.FromSessionDescriptor(DescriptorInfo.Duplicate(descriptor), options.Device);
                if (ledger.Session(index).Connection >= 0)
                    sessions.Add(index, session);
                else
                    session.Dispose();
            }
            catch (LiveUpdateException exception)
            {
                report(index, null, exception);
            }
        }

        return sessions;
    }

    /// <inheritdoc/>
    internal override IReadOnlyList<PreflightFinding> Check(int sessions, IReadOnlyList<string> unfinished)
    {
        IReadOnlyList<PreflightFinding> findings = KernelPreflight.Run(new KernelPreflightOptions
        {
            DevicePath = options.DevicePath,
            OpensDevice = false,
            Jumps = true,
            Sessions = sessions + 1,
        });
        return unfinished.Count == 0 || options.DiscardsUnfinished ? findings : [.. findings, Unfinished(unfinished)];
    }

    /// <inheritdoc/>
    internal override async Task HandOverAsync(
        Func<CancellationToken, Task<IReadOnlyDictionary<string, SafeHandle>>> pack, Action<string> phase, CancellationToken cancellationToken)
    {
        phase("before kexec");
        options.BeforeKexec?.Invoke();
        IReadOnlyDictionary<string, SafeHandle> baggage = await pack(cancellationToken).ConfigureAwait(false);
        using Session own = Device.CreateSession(SessionName);

        // Sockets end with their processes: what is known of sessions and of the update goes alone.
        for (int i = 0; i < s_baggage.Length; i++)
            own.Preserve(Token.From(i), baggage[s_baggage[i]]);
        cancellationToken.ThrowIfCancellationRequested();
        phase("kexec");
        throw KernelTarget.Jump();
    }

    /// <inheritdoc/>
    internal override void Load(KernelImage image) => _ = LoadedKernel.Load(image);

    /// <inheritdoc/>
    private protected override void Dispose(bool disposing) => _device?.Dispose();

    private static PreflightFinding Unfinished(IReadOnlyList<string> names) => KernelPreflight.Blocking(
        "sessions-unfinished",
        LiveUpdateError.Busy,
        $"{names.Count} sessions came with an update and are not finished; the kernel drops them at the next: {string.Join(", ", names.Take(MostNamed))}.",
        $"Have their programs claim and finish them, or set {nameof(AgentKernelOptions)}.{nameof(AgentKernelOptions.DiscardsUnfinished)}.");

    private Dictionary<string, SafeFileHandle>? TakeBaggage()
    {
        if (!Device.TryRetrieveSession(SessionName, out Session? own))
            return null;
        var baggage = new Dictionary<string, SafeFileHandle>(StringComparer.Ordinal);
        for (int i = 0; i < s_baggage.Length; i++)
            baggage.Add(s_baggage[i], own.Retrieve<SafeFileHandle>(Token.From(i)));
        own.Close();
        return baggage;
    }
}
