using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate;

/// <summary>A session of the real device that carries the descriptors of one session of the orchestrator.</summary>
[SupportedOSPlatform("linux")]
internal sealed class KernelCarrierSession(KernelCarrier carrier, KernelSession session) : CarrierSession
{
    /// <inheritdoc/>
    public override string Name => session.Name;

    /// <inheritdoc/>
    public override SafeFileHandle Handle => session.Descriptor;

    /// <inheritdoc/>
    public override void Preserve(ulong token, SafeHandle file)
    {
        try
        {
            session.Preserve(token, file);
        }
        catch (LiveUpdateException exception) when (exception.Error == LiveUpdateError.NotFound)
        {
            throw new LiveUpdateException(
                LiveUpdateError.NotSupported,
                $"The kernel carries memfds only, and none with huge pages; this descriptor is of the kind \"{DescriptorInfo.LinkText(file) ?? "unknown"}\".",
                exception);
        }
    }

    /// <inheritdoc/>
    public override SafeFileHandle Retrieve(ulong token) => session.Retrieve<SafeFileHandle>(token);

    /// <inheritdoc/>
    public override void Finish() => session.Finish();

    /// <inheritdoc/>
    public override void Dispose()
    {
        if (session.IsIncoming && carrier.IsAdopted)
            session.Close();
        else
            session.Dispose();
    }
}
