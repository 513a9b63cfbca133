using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Agent;

/// <summary>A session of an agent's: a connected socket, whose last close is the session's (reference 4.3, docs/agent.md).</summary>
/// <remarks>
/// <para>It carries descriptors only: every other object is refused with ENOENT, and a retrieved file is a <see cref="SafeFileHandle"/>. No
/// handler or FLB of this process takes part.</para>
/// <para><b>Dispose</b> of an unfinished incoming session, and the end of the process, leave it with the agent, which lists it again for the
/// same user. Both unpreserve an outgoing one; one that must outlive the process is given to another with
/// <see cref="DuplicateDescriptor"/>.</para>
/// <para>While an update is under way, operations wait. After it the session has ended: they throw ESHUTDOWN, and it is retrieved anew.</para>
/// </remarks>
[SupportedOSPlatform("linux")]
public sealed class AgentSession : Session
{
    private readonly AgentChannel _channel;
    private int _closed;

    internal AgentSession(SessionName name, AgentChannel channel, bool isIncoming)
        : base(name)
    {
        (_channel, IsIncoming) = (channel, isIncoming);
        AgentSessions.Add(this);
    }

    /// <inheritdoc/>
    public override bool IsIncoming { get; }

    /// <summary>The connection, owned by this session, for frames of one's own; who disposes it closes the session.</summary>
    public SafeFileHandle Descriptor => _channel.Socket;

    /// <summary>Whether other copies of the descriptor may be open: its close here is then not the session's.</summary>
    internal bool IsShared { get; set; }

    /// <summary>Whether it is known to be finished.</summary>
    internal bool IsFinished { get; set; }

    /// <summary>Another descriptor of the session, for another process: the session closes at the last close of all of them (reference S-25).</summary>
    /// <returns>A new handle, close-on-exec, owned by the caller; <see cref="AgentDevice.FromSessionDescriptor"/> takes it.</returns>
    /// <exception cref="LiveUpdateException">EMFILE: no descriptor is free.</exception>
    /// <exception cref="ObjectDisposedException">The session is closed.</exception>
    public SafeFileHandle DuplicateDescriptor()
    {
        ThrowIfClosed();
        SafeFileHandle duplicate = DescriptorInfo.Duplicate(Descriptor);
        IsShared = true;
        return duplicate;
    }

    /// <summary>Sends any request that opens no descriptor, as <c>ioctl</c> would.</summary>
    /// <param name="request">All 32 bits.</param>
    /// <param name="argument">The struct, its size first; at most 4096 bytes. Gets the answer; unchanged on failure.</param>
    /// <param name="descriptor">What goes beside the struct, whose field for it is not looked at; null for nothing.</param>
    /// <returns>0, or the errno. What a request opens all the same is closed.</returns>
    /// <exception cref="ArgumentException"><paramref name="argument"/> is too long.</exception>
    /// <exception cref="LiveUpdateException">ECONNRESET, ETIMEDOUT, EPROTO, ESHUTDOWN: there is no answer.</exception>
    /// <exception cref="ObjectDisposedException">The session is closed.</exception>
    public LiveUpdateError Request(uint request, Span<byte> argument, SafeHandle? descriptor = null)
    {
        if (argument.Length > AgentProtocol.LongestStruct)
            throw new ArgumentException($"A struct has at most {AgentProtocol.LongestStruct} bytes.", nameof(argument));
        ThrowIfClosed();
        return _channel.Request(request, argument, descriptor);
    }

    /// <summary>Refused: the device socket lists no files. An <c>AgentClient</c> does.</summary>
    /// <exception cref="LiveUpdateException">EOPNOTSUPP, always.</exception>
    /// <exception cref="ObjectDisposedException">The session is closed.</exception>
    public override IReadOnlyList<SessionFile> GetFiles()
    {
        ThrowIfClosed();
        throw Refusal.Create(
            LiveUpdateError.NotSupported, "list files", "The device socket does not list the files of a session; retrieve them by token.", Name);
    }

    /// <inheritdoc/>
    /// <exception cref="LiveUpdateException">EDQUOT: a limit of the user. ECONNRESET, ETIMEDOUT: the agent. Otherwise as the base says.</exception>
    public override void Preserve(Token token, object file)
    {
        ArgumentNullException.ThrowIfNull(file);
        ThrowIfClosed();
        if (PreservedObject.DescriptorOf(file) is { } handle)
        {
            AgentRefusal.ThrowIfRefused(AgentRequests.Preserve(_channel, token, handle), SessionRequest.Preserve, SessionName, token);
            return;
        }

        // What is checked before the descriptor comes first: the kind of session, and the token (F-01).
        LiveUpdateError error = AgentRequests.Preserve(_channel, token, null);
        throw AgentRefusal.For(
            error == LiveUpdateError.BadDescriptor ? LiveUpdateError.NotFound : error, SessionRequest.Preserve, SessionName, token);
    }

    /// <inheritdoc/>
    public override bool TryRetrieve<T>(Token token, [NotNullWhen(true)] out T? file)
        where T : class
    {
        file = null;
        ThrowIfClosed();
        LiveUpdateError error = AgentRequests.Retrieve(_channel, token, out SafeFileHandle? handle);
        if (error == LiveUpdateError.NotFound)
            return false;
        file = (T)(object)Give(error, handle, token, typeof(T));
        return true;
    }

    /// <inheritdoc/>
    public override void Finish()
    {
        ThrowIfClosed();
        AgentRefusal.ThrowIfRefused(AgentRequests.Finish(_channel), SessionRequest.Finish, SessionName);
        IsFinished = true;
    }

    /// <summary>
    /// Unpreserves an outgoing session (S-20), finishes an incoming one (S-21), and closes the descriptor. One that was duplicated, or came
    /// from elsewhere, is only closed.
    /// </summary>
    /// <exception cref="LiveUpdateException">EBUSY: a handler refuses to finish; the session is parked, nothing lost.</exception>
    public override void Close()
    {
        if (Volatile.Read(ref _closed) != 0)
            return;
        LiveUpdateError error = IsIncoming && !IsFinished && !IsShared ? AgentRequests.Finish(_channel) : LiveUpdateError.None;
        Dispose();
        AgentRefusal.ThrowIfRefused(error, SessionRequest.Finish, SessionName);
    }

    /// <inheritdoc/>
    internal override void CheckUsable(string operation)
    {
        ThrowIfClosed();
        AgentRefusal.ThrowIfRefused(AgentRequests.GetName(_channel, out _), operation, SessionName);
    }

    /// <inheritdoc/>
    private protected override void Dispose(bool disposing)
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0)
            return;
        AgentSessions.Remove(this);
        if (!IsShared)
            _ = _channel.CloseAndWait();
        _channel.Dispose();
    }

    /// <inheritdoc/>
    private protected override object RetrieveAs(Token token, Type type)
    {
        ThrowIfClosed();
        LiveUpdateError error = AgentRequests.Retrieve(_channel, token, out SafeFileHandle? file);
        return Give(error, file, token, type);
    }

    private object Give(LiveUpdateError error, SafeFileHandle? file, Token token, Type type)
    {
        AgentRefusal.ThrowIfRefused(error, SessionRequest.RetrieveFile, SessionName, token);
        if (type.IsInstanceOfType(file))
            return file!;
        using (file)
        {
            return PreservedObject.CanBe(file!, type)
                ? PreservedObject.GiveOut(file!, type)
                : throw new InvalidCastException($"The file {token} of session \"{Name}\" is a {typeof(SafeFileHandle)}, not a {type}.");
        }
    }

    private void ThrowIfClosed() => ObjectDisposedException.ThrowIf(Volatile.Read(ref _closed) != 0, this);
}
