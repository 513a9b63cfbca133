using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Agent;

/// <summary>The real device, whose updates replace the kernel.</summary>
[SupportedOSPlatform("linux")]
internal sealed class KernelBackEnd(AgentKernelOptions options) : AgentBackEnd
{
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
        AgentLedger ledger, IReadOnlyDictionary<string, SafeFileHandle> stored, Action<int, Exception> report)
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
                report(index, exception);
            }
        }

        return sessions;
    }

    /// <inheritdoc/>
    internal override IReadOnlyList<PreflightFinding> Check(int sessions) => KernelPreflight.Run(new KernelPreflightOptions
    {
        DevicePath = options.DevicePath,
        OpensDevice = false,
        Jumps = true,
        Sessions = sessions + 1,
    });

    /// <inheritdoc/>
    internal override Task HandOverAsync(
        IReadOnlyDictionary<string, SafeHandle> baggage, Action<string> phase, CancellationToken cancellationToken)
    {
        using Session own = Device.CreateSession(SessionName);

        // Sockets end with their processes: what is known of the sessions goes alone.
        own.Preserve(0, baggage[StoreKey.Ledger]);
        phase("BeforeKexec");
        options.BeforeKexec?.Invoke();
        cancellationToken.ThrowIfCancellationRequested();
        phase("Kexec");
        throw KernelTarget.Jump();
    }

    /// <inheritdoc/>
    internal override void Load(KernelImage image) => _ = LoadedKernel.Load(image);

    /// <inheritdoc/>
    private protected override void Dispose(bool disposing) => _device?.Dispose();

    private Dictionary<string, SafeFileHandle>? TakeBaggage()
    {
        if (!Device.TryRetrieveSession(SessionName, out Session? own))
            return null;
        var baggage = new Dictionary<string, SafeFileHandle>(StringComparer.Ordinal) { [StoreKey.Ledger] = own.Retrieve<SafeFileHandle>(0) };
        own.Close();
        return baggage;
    }
}
