using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate;

/// <summary>
/// A descriptor that the manager lets go when it has processed everything before it, and the end on which that is seen. Made apart from its
/// use, so that within the pause nothing is made.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class NotifyBarrier : IDisposable
{
    private readonly SafeHandle[] _sent;

    /// <summary>Makes one; good for one use.</summary>
    /// <exception cref="LiveUpdateException">EMFILE: no descriptor is free.</exception>
    public NotifyBarrier()
    {
        (SafeFileHandle ours, SafeFileHandle theirs) = SocketPair.Create();
        (Answer, _sent) = (ours, [theirs]);
    }

    /// <summary>A message that changes nothing.</summary>
    public static ReadOnlySpan<byte> Probe => "X_LIVEUPDATE_PROBE=1"u8;

    /// <summary>Hangs up when the manager has answered.</summary>
    public SafeHandle Answer { get; }

    /// <summary>Sends it, and lets this process's own copy go.</summary>
    public void Send(NotifyConnection connection, Deadline deadline)
    {
        connection.Send("BARRIER=1"u8, _sent, deadline);
        _sent[0].Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _sent[0].Dispose();
        Answer.Dispose();
    }
}
