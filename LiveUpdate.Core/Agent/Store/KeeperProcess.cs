using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Agent;

/// <summary>A process that is or was the agent, held by its pidfd.</summary>
/// <param name="id">Its process id.</param>
/// <param name="descriptor">The pidfd; owned by this object.</param>
[SupportedOSPlatform("linux")]
internal sealed class KeeperProcess(int id, SafeFileHandle descriptor) : IDisposable
{
    private const int SignalledBase = 128;

    /// <summary>The process id.</summary>
    public int Id => id;

    /// <summary>The pidfd.</summary>
    public SafeFileHandle Descriptor => descriptor;

    /// <summary>What a shell would say that it ended with; null while it runs, or if it was no child of this process.</summary>
    public int? ExitCode { get; private set; }

    /// <summary>How it ended, for people.</summary>
    public string Ending => ExitCode switch
    {
        null => $"process {id}",
        > SignalledBase => string.Create(CultureInfo.InvariantCulture, $"process {id}, signal {ExitCode - SignalledBase}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"process {id}, exit code {ExitCode}"),
    };

    /// <summary>Whether a descriptor is a pidfd, of a process that this one may signal.</summary>
    public static bool IsProcess(SafeHandle descriptor) => Libc.PidfdSendSignal(descriptor, 0) == 0;

    /// <summary>Sends it a signal; nothing happens if it has ended.</summary>
    public void Signal(int number) => _ = Libc.PidfdSendSignal(descriptor, number);

    /// <summary>Waits for its end.</summary>
    /// <returns>False if the time was over before.</returns>
    public bool WaitForEnd(Deadline deadline)
    {
        if (DescriptorWait.Wait(descriptor, Libc.POLLIN, deadline) != WaitResult.Socket)
            return false;
        Reap();
        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => descriptor.Dispose();

    private void Reap()
    {
        using var reference = new HandleReference(descriptor);
        if (ExitCode is null &&
            Libc.Waitid(Libc.P_PIDFD, (int)reference.Value, out Libc.ChildStatus status, Libc.WEXITED | Libc.WNOHANG) == 0 &&
            status.Process != 0)
        {
            ExitCode = status.Code == Libc.CLD_EXITED ? status.Status : SignalledBase + status.Status;
        }
    }
}
