using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Abi;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Agent;

/// <summary>The connection that a session is: preserves, retrieves and finishes, and closes the session with its end.</summary>
[SupportedOSPlatform("linux")]
internal sealed class SessionConnection(AgentServer server, AgentSocket socket, HeldSession held)
    : ClientConnection(server, socket, held.Owner, held.Connection, held.Session!)
{
    // The file that the request under way is to make, -1 for none, and its size; the token that it names.
    private int _file = -1;
    private long _bytes;
    private ulong _token;

    /// <summary>The session.</summary>
    public HeldSession Held => held;

    /// <inheritdoc/>
    protected override AgentKind Kind =>
        AgentKind.Session | (held.IsIncoming ? AgentKind.Incoming : AgentKind.None) | (held.IsFinished ? AgentKind.Finished : AgentKind.None);

    /// <inheritdoc/>
    protected override LiveUpdateError Admit(uint request, ReadOnlySpan<byte> argument, SafeFileHandle? file)
    {
        if (request == LiveUpdateIoctl.RetrieveFd && argument.Length >= Unsafe.SizeOf<RetrieveFdArgs>())
            _token = MemoryMarshal.Read<RetrieveFdArgs>(argument).Token;
        if (request != LiveUpdateIoctl.PreserveFd || held.IsIncoming || file is null || argument.Length < Unsafe.SizeOf<PreserveFdArgs>())
            return LiveUpdateError.None;
        _token = MemoryMarshal.Read<PreserveFdArgs>(argument).Token;
        _bytes = (long)Math.Min(DescriptorInfo.Status(file).Size, long.MaxValue);
        if (!User.TryAddFile(_bytes))
            return LiveUpdateError.QuotaExceeded;
        try
        {
            _file = Server.Books.AddFile(held, Record, _token, _bytes, file);
            return LiveUpdateError.None;
        }
        catch (LiveUpdateException exception)
        {
            User.Remove(files: 1, bytes: _bytes);
            return exception.Error;
        }
    }

    /// <inheritdoc/>
    protected override SafeHandle? Book(uint request, ref LiveUpdateError error, object? opened)
    {
        if (request == LiveUpdateIoctl.Finish && error == LiveUpdateError.None && !held.IsFinished)
            Server.Books.Finish(held);
        if (request == LiveUpdateIoctl.RetrieveFd && error == LiveUpdateError.None && held.TryFindFile(_token, out int file))
            Server.Books.Ledger.RetrieveFile(file);
        return opened as SafeHandle;
    }

    /// <inheritdoc/>
    protected override void Answered(LiveUpdateError error)
    {
        if (_file < 0)
            return;
        if (error == LiveUpdateError.None)
            held.AddFile(_token, _file, _bytes);
        else
        {
            Server.Books.RemoveFile(_file);
            User.Remove(files: 1, bytes: _bytes);
        }

        _file = -1;
    }

    /// <inheritdoc/>
    protected override LiveUpdateError Close() => Server.CloseSession(held);
}
