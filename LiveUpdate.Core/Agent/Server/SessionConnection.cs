using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Abi;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Agent;

/// <summary>The connection that a session is: preserves, retrieves and finishes, and closes the session with its end.</summary>
[SupportedOSPlatform("linux")]
internal sealed class SessionConnection(AgentServer server, AgentSocket socket, HeldSession held)
    : ClientConnection(server, socket, held.Owner, held.Session!)
{
    // The size that was booked for the request under way; -1 for none.
    private long _asked = -1;

    /// <summary>The session.</summary>
    public HeldSession Held => held;

    /// <inheritdoc/>
    protected override AgentKind Kind =>
        AgentKind.Session | (held.IsIncoming ? AgentKind.Incoming : AgentKind.None) | (held.IsFinished ? AgentKind.Finished : AgentKind.None);

    /// <inheritdoc/>
    protected override LiveUpdateError Admit(uint request, ReadOnlySpan<byte> argument, SafeFileHandle? file)
    {
        if (request != LiveUpdateIoctl.PreserveFd || held.IsIncoming || file is null)
            return LiveUpdateError.None;
        long size = (long)Math.Min(DescriptorInfo.Status(file).Size, long.MaxValue);
        if (!User.TryAddFile(size))
            return LiveUpdateError.QuotaExceeded;
        _asked = size;
        return LiveUpdateError.None;
    }

    /// <inheritdoc/>
    protected override SafeHandle? Book(uint request, LiveUpdateError error, object? opened)
    {
        switch (request)
        {
            case LiveUpdateIoctl.PreserveFd when error == LiveUpdateError.None && _asked >= 0:
                held.Files++;
                held.Bytes += _asked;
                break;
            case LiveUpdateIoctl.PreserveFd when _asked >= 0:
                User.Remove(files: 1, bytes: _asked);
                break;
            case LiveUpdateIoctl.Finish when error == LiveUpdateError.None:
                held.IsFinished = true;
                break;
        }

        _asked = -1;
        return opened as SafeHandle;
    }

    /// <inheritdoc/>
    protected override LiveUpdateError Close() => Server.CloseSession(held);
}
