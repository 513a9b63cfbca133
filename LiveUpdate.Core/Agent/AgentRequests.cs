using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Abi;
using LiveUpdate.Interop;
using LiveUpdate.Serialization;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Agent;

/// <summary>The requests of the device socket, one method each: what goes in, what comes out, the errno. No policy.</summary>
[SupportedOSPlatform("linux")]
internal static class AgentRequests
{
    /// <summary>Makes an outgoing session; its last close unpreserves.</summary>
    public static LiveUpdateError CreateSession(AgentChannel device, SessionName name, out SafeFileHandle? session) =>
        OpenSession(device, LiveUpdateIoctl.CreateSession, name, out session);

    /// <summary>Takes over an incoming session.</summary>
    public static LiveUpdateError RetrieveSession(AgentChannel device, SessionName name, out SafeFileHandle? session) =>
        OpenSession(device, LiveUpdateIoctl.RetrieveSession, name, out session);

    /// <summary>Preserves the file of a descriptor under a token.</summary>
    /// <param name="session">The session.</param>
    /// <param name="token">The token.</param>
    /// <param name="file">The descriptor; null, or one that is not open, asks for everything that is checked before it (EBADF: it was all right).</param>
    public static LiveUpdateError Preserve(AgentChannel session, Token token, SafeHandle? file)
    {
        var args = new PreserveFdArgs { Size = (uint)Unsafe.SizeOf<PreserveFdArgs>(), Fd = -1, Token = token.Value };
        SafeHandle? open = file is null || file.IsInvalid || file.IsClosed || !DescriptorInfo.IsOpen(file) ? null : file;
        return session.Request(LiveUpdateIoctl.PreserveFd, Bytes(ref args), open);
    }

    /// <summary>Retrieves the file of a token: each time a new descriptor of the same open file description .</summary>
    public static LiveUpdateError Retrieve(AgentChannel session, Token token, out SafeFileHandle? file)
    {
        var args = new RetrieveFdArgs { Size = (uint)Unsafe.SizeOf<RetrieveFdArgs>(), Fd = -1, Token = token.Value };
        return session.Open(LiveUpdateIoctl.RetrieveFd, Bytes(ref args), out file);
    }

    /// <summary>Ends the work of an incoming session.</summary>
    public static LiveUpdateError Finish(AgentChannel session)
    {
        var args = new FinishArgs { Size = (uint)Unsafe.SizeOf<FinishArgs>() };
        return session.Request(LiveUpdateIoctl.Finish, Bytes(ref args));
    }

    /// <summary>The name of a session of either kind.</summary>
    public static LiveUpdateError GetName(AgentChannel session, out SessionName name)
    {
        var args = new GetNameArgs { Size = (uint)Unsafe.SizeOf<GetNameArgs>() };
        LiveUpdateError error = session.Request(LiveUpdateIoctl.GetName, Bytes(ref args));
        name = error == LiveUpdateError.None ? SessionName.FromImage(FixedString.Read(args.Name)) : default;
        return error;
    }

    private static LiveUpdateError OpenSession(AgentChannel device, uint request, SessionName name, out SafeFileHandle? session)
    {
        var args = new SessionNameArgs { Size = (uint)Unsafe.SizeOf<SessionNameArgs>(), Fd = -1 };
        name.Utf8.CopyTo(args.Name);
        return device.Open(request, Bytes(ref args), out session);
    }

    private static Span<byte> Bytes<T>(ref T args)
        where T : unmanaged => MemoryMarshal.AsBytes(new Span<T>(ref args));
}
