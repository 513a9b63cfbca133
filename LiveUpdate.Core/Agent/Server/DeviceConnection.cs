using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Abi;
using LiveUpdate.Interop;
using LiveUpdate.Serialization;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Agent;

/// <summary>A client's connection to the device: makes sessions, and gives back those that came.</summary>
[SupportedOSPlatform("linux")]
internal sealed class DeviceConnection(AgentServer server, AgentSocket socket, UserAccount user)
    : ClientConnection(server, socket, user, server.Device)
{
    private HeldSession? _retrieved;
    private (SafeFileHandle Ours, SafeFileHandle Theirs)? _pair;

    /// <inheritdoc/>
    protected override AgentKind Kind => AgentKind.None;

    /// <summary>Greets the client.</summary>
    public void Greet(LiveUpdateError error, uint flags) => SendOwn(AgentProtocol.Greeting, error, AgentProtocol.Version, flags);

    /// <inheritdoc/>
    protected override LiveUpdateError Admit(uint request, ReadOnlySpan<byte> argument, SafeFileHandle? file)
    {
        _retrieved = null;
        return request switch
        {
            LiveUpdateIoctl.CreateSession => Reserve() is var error and not LiveUpdateError.None ? error
                : User.TryAddSession() ? LiveUpdateError.None : LiveUpdateError.QuotaExceeded,
            LiveUpdateIoctl.RetrieveSession => MayRetrieve(argument) ? Reserve() : LiveUpdateError.AccessDenied,
            _ => LiveUpdateError.None,
        };
    }

    /// <inheritdoc/>
    protected override SafeHandle? Book(uint request, LiveUpdateError error, object? opened)
    {
        if (_pair is not { } pair)
            return null;
        _pair = null;
        if (opened is Session session)
        {
            HeldSession held = _retrieved ?? new HeldSession(session.SessionName, session.IsIncoming, User, -1);
            Server.Connect(held, session, pair.Ours);
            return pair.Theirs;
        }

        // The session that was refused is not the user's.
        if (request == LiveUpdateIoctl.CreateSession && error != LiveUpdateError.QuotaExceeded)
            User.Remove(sessions: 1);
        pair.Ours.Dispose();
        pair.Theirs.Dispose();
        return null;
    }

    /// <inheritdoc/>
    protected override LiveUpdateError Close()
    {
        Server.DeviceClosed(this);
        return LiveUpdateError.None;
    }

    private bool MayRetrieve(ReadOnlySpan<byte> argument)
    {
        if (argument.Length < Unsafe.SizeOf<SessionNameArgs>())
            return true;
        SessionNameArgs args = MemoryMarshal.Read<SessionNameArgs>(argument);
        return !Server.Sessions.TryFindIncoming(SessionName.FromImage(FixedString.Read(args.Name)), out _retrieved) ||
            _retrieved.Owner == User || AgentServer.IsPrivileged(User.User);
    }

    // What the session's descriptor takes is there before the session is (reference U-21).
    private LiveUpdateError Reserve()
    {
        try
        {
            _pair = SocketPair.Create();
            return LiveUpdateError.None;
        }
        catch (LiveUpdateException exception)
        {
            return exception.Error;
        }
    }
}
