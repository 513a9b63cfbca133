using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Agent;

/// <summary>The control device of an agent, over its <c>device</c> socket (docs/agent.md).</summary>
/// <remarks>
/// <para>It carries descriptors only, those that the agent's handlers take: as a rule memfds. What is refused is refused with the kernel's
/// errno; beside them EACCES, the session is another user's; EDQUOT, a limit of the user; ECONNRESET, the agent is gone.</para>
/// <para>Any number of processes have it open at a time, unless the agent was told otherwise; sessions outlive it (O-23). Safe for
/// threads.</para>
/// </remarks>
[SupportedOSPlatform("linux")]
public sealed class AgentDevice : LiveUpdateDevice
{
    /// <summary>How often somebody connects whose agent dies each time as it takes the connection.</summary>
    internal const int MostAttempts = 5;

    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(10);

    private readonly AgentChannel _channel;
    private int _closed;

    private AgentDevice(AgentChannel channel) => _channel = channel;

    /// <summary>The connection, owned by this device, for frames of one's own.</summary>
    public SafeFileHandle Descriptor => _channel.Socket;

    /// <summary>Connects to an agent.</summary>
    /// <param name="directory">The agent's directory, which has its sockets.</param>
    /// <param name="options">How to wait; null for the defaults.</param>
    /// <exception cref="ArgumentException"><paramref name="directory"/> is empty, or too long for a socket's path.</exception>
    /// <exception cref="LiveUpdateException">
    /// ENOENT, ECONNREFUSED: no agent is there. EACCES: no permission, or the agent does not serve this user. EBUSY: somebody has it open, and
    /// it has one opener at a time. EDQUOT: too many connections of this user. ETIMEDOUT: no greeting. EPROTO: no agent, or of another
    /// version. ECONNRESET: it ends each time before it greets. EMFILE: no descriptor is free.
    /// </exception>
    public static AgentDevice Connect(string directory = AgentProtocol.Directory, AgentDeviceOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        options ??= new AgentDeviceOptions();
        Deadline deadline = Deadline.After(options.ConnectTimeout);
        for (int attempt = 1; ; attempt++)
        {
            SafeFileHandle socket = StreamSocket.Connect(Path.Combine(directory, AgentProtocol.DeviceSocket), "an agent");
            var channel = new AgentChannel(socket, options);
            try
            {
                channel.AwaitGreeting(deadline);
                return new AgentDevice(channel);
            }
            catch (LiveUpdateException exception) when (exception.Error == LiveUpdateError.ConnectionReset && attempt < MostAttempts)
            {
                // The agent died as it took this connection; the one that comes after it greets.
                channel.Dispose();
                Thread.Sleep(s_pause);
            }
            catch
            {
                channel.Dispose();
                throw;
            }
        }
    }

    /// <summary>Uses a session whose descriptor comes from another process (reference S-25).</summary>
    /// <param name="descriptor">The descriptor; owned by the session from now on, and made close-on-exec. On failure the caller keeps it.</param>
    /// <param name="options">How to wait; null for the defaults.</param>
    /// <remarks>One process at a time may use a session: two that ask at once get each other's answers.</remarks>
    /// <exception cref="ArgumentNullException"><paramref name="descriptor"/> is null.</exception>
    /// <exception cref="LiveUpdateException">EINVAL: it is no session of an agent's. EBADF: not open. ECONNRESET, ESHUTDOWN: it has ended.</exception>
    public static AgentSession FromSessionDescriptor(SafeFileHandle descriptor, AgentDeviceOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        DescriptorInfo.ThrowIfNotOpen(descriptor);
        if (!DescriptorInfo.Status(descriptor).IsSocket)
            throw AgentRefusal.For(LiveUpdateError.InvalidArgument, AgentRefusal.Adopt, default(SessionName));
        var channel = new AgentChannel(descriptor, options ?? new AgentDeviceOptions());
        var kind = (AgentKind)channel.Describe();
        if (!kind.HasFlag(AgentKind.Session))
            throw AgentRefusal.For(LiveUpdateError.InvalidArgument, AgentRefusal.Adopt, default(SessionName));
        AgentRefusal.ThrowIfRefused(AgentRequests.GetName(channel, out SessionName name), SessionRequest.GetName, name);
        KernelOpening.CloseOnExec(descriptor);
        return new AgentSession(name, channel, kind.HasFlag(AgentKind.Incoming)) { IsShared = true, IsFinished = kind.HasFlag(AgentKind.Finished) };
    }

    /// <summary>Sends any request that opens no descriptor, as <c>ioctl</c> would.</summary>
    /// <param name="request">All 32 bits.</param>
    /// <param name="argument">The struct, its size first; at most 4096 bytes. Gets the answer; unchanged on failure.</param>
    /// <param name="descriptor">What goes beside the struct, whose field for it is not looked at; null for nothing.</param>
    /// <returns>0, or the errno. What a request opens all the same is closed.</returns>
    /// <exception cref="ArgumentException"><paramref name="argument"/> is too long.</exception>
    /// <exception cref="LiveUpdateException">ECONNRESET, ETIMEDOUT, EPROTO, ESHUTDOWN: there is no answer.</exception>
    /// <exception cref="ObjectDisposedException">The device is closed.</exception>
    public LiveUpdateError Request(uint request, Span<byte> argument, SafeHandle? descriptor = null)
    {
        if (argument.Length > AgentProtocol.LongestStruct)
            throw new ArgumentException($"A struct has at most {AgentProtocol.LongestStruct} bytes.", nameof(argument));
        ThrowIfClosed();
        return _channel.Request(request, argument, descriptor);
    }

    /// <summary>Refused: the device socket lists no sessions, as the kernel lists none. An <c>AgentClient</c> does.</summary>
    /// <exception cref="LiveUpdateException">EOPNOTSUPP, always.</exception>
    /// <exception cref="ObjectDisposedException">The device is closed.</exception>
    public override IReadOnlyList<string> GetIncomingSessions()
    {
        ThrowIfClosed();
        throw Refusal.Create(
            LiveUpdateError.NotSupported, "list sessions", "The device socket does not list the sessions that came in; retrieve them by name.");
    }

    /// <inheritdoc/>
    public override Session CreateSession(SessionName name)
    {
        if (name.Utf8.IsEmpty)
            throw new ArgumentException("A session's name has at least one byte.", nameof(name));
        ThrowIfClosed();
        AgentRefusal.ThrowIfRefused(AgentRequests.CreateSession(_channel, name, out SafeFileHandle? session), SessionRequest.Create, name);
        return new AgentSession(name, new AgentChannel(session!, _channel.Options), isIncoming: false);
    }

    /// <inheritdoc/>
    /// <exception cref="LiveUpdateException">EACCES: the session is another user's. Otherwise as the base says.</exception>
    public override Session RetrieveSession(SessionName name)
    {
        ThrowIfClosed();
        AgentRefusal.ThrowIfRefused(AgentRequests.RetrieveSession(_channel, name, out SafeFileHandle? session), SessionRequest.Retrieve, name);
        return new AgentSession(name, new AgentChannel(session!, _channel.Options), isIncoming: true);
    }

    /// <inheritdoc/>
    private protected override void Dispose(bool disposing)
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0)
            return;

        // Where there is one opener at a time, the next one may come as soon as this returns.
        _ = _channel.CloseAndWait();
        _channel.Dispose();
    }

    private void ThrowIfClosed() => ObjectDisposedException.ThrowIf(Volatile.Read(ref _closed) != 0, this);
}
