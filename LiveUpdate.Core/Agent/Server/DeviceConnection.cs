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
internal sealed class DeviceConnection(AgentServer server, AgentSocket socket, UserAccount user, int record)
    : ClientConnection(server, socket, user, record, server.Device)
{
    private const int NameOffset = 2 * sizeof(uint);

    private HeldSession? _retrieved;
    private (SafeFileHandle Ours, SafeFileHandle Theirs)? _pair;

    /// <inheritdoc/>
    protected override AgentKind Kind => AgentKind.None;

    /// <summary>Greets the client.</summary>
    public void Greet(uint flags)
    {
        SendOwn(AgentProtocol.Greeting, LiveUpdateError.None, AgentProtocol.Version, flags);
        Server.Books.Ledger.Rest(Record);
    }

    /// <summary>Greets the client with a refusal.</summary>
    public void Refuse(LiveUpdateError error)
    {
        SendOwn(AgentProtocol.Greeting, error, AgentProtocol.Version, 0);
        Dispose();
    }

    /// <inheritdoc/>
    protected override LiveUpdateError Admit(uint request, ReadOnlySpan<byte> argument, SafeFileHandle? file)
    {
        _retrieved = null;
        return request switch
        {
            LiveUpdateIoctl.CreateSession when IsAgentsOwn(argument) => LiveUpdateError.Exists,
            LiveUpdateIoctl.CreateSession => Reserve() is var error and not LiveUpdateError.None ? error
                : User.TryAddSession() ? LiveUpdateError.None : LiveUpdateError.QuotaExceeded,
            LiveUpdateIoctl.RetrieveSession => MayRetrieve(argument) ? Reserve() : LiveUpdateError.AccessDenied,
            _ => LiveUpdateError.None,
        };
    }

    /// <inheritdoc/>
    protected override SafeHandle? Book(uint request, ref LiveUpdateError error, object? opened)
    {
        if (_pair is not { } pair)
            return null;
        _pair = null;
        if (opened is Session session && (error = Connect(session, pair.Ours)) == LiveUpdateError.None)
            return pair.Theirs;

        // The session that was refused is not the user's.
        if (request == LiveUpdateIoctl.CreateSession && error != LiveUpdateError.QuotaExceeded)
            User.Remove(sessions: 1);
        pair.Ours.Dispose();
        pair.Theirs.Dispose();
        return null;
    }

    private LiveUpdateError Connect(Session session, SafeFileHandle ours)
    {
        try
        {
            Server.Connect(Server.Books.Open(_retrieved, session, User, ours), ours);
            return LiveUpdateError.None;
        }
        catch (LiveUpdateException exception)
        {
            // An incoming one is listed again.
            session.Dispose();
            return exception.Error;
        }
    }

    /// <inheritdoc/>
    protected override LiveUpdateError Close()
    {
        Server.DeviceClosed(this);
        return LiveUpdateError.None;
    }

    private static bool IsAgentsOwn(ReadOnlySpan<byte> argument) =>
        argument.Length >= Unsafe.SizeOf<SessionNameArgs>() && NameIn(argument).SequenceEqual("liveupdate-agent"u8);

    private static ReadOnlySpan<byte> NameIn(ReadOnlySpan<byte> argument) => FixedString.Read(argument.Slice(NameOffset, LuoAbi.SessionNameLength));

    private bool MayRetrieve(ReadOnlySpan<byte> argument) =>
        argument.Length < Unsafe.SizeOf<SessionNameArgs>() ||
        !Server.Sessions.TryFind(SessionName.FromImage(NameIn(argument)), isIncoming: true, out _retrieved) ||
        _retrieved.Owner == User || AgentServer.IsPrivileged(User.User);

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
