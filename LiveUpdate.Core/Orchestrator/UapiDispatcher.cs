using Microsoft.Extensions.Logging;

namespace LiveUpdate;

/// <summary>
/// The kernel's interface over the managed device: request number and struct bytes in, struct bytes and errno out (reference part 3).
/// </summary>
/// <remarks>
/// <para>It owns a table of descriptors of its own: the lowest free number is given out, there is a limit, and descriptors can be duplicated; the
/// last close of the device or of a session is the reference's (S-20, S-21). Files of the caller's get a number with <see cref="Install"/>.</para>
/// <para>Answers are 0 or an errno, never an exception, whatever the bytes are; only a call from a callback is misuse and throws. While a
/// hand-over is under way valid requests wait; after it they
/// answer ESHUTDOWN. Safe for threads.</para>
/// </remarks>
public sealed partial class UapiDispatcher
{
    private readonly Func<LiveUpdateDevice> _openDevice;
    private readonly ILogger _logger;
    private readonly UapiDescriptorTable _table = new();

    /// <summary>Makes a dispatcher with an empty table.</summary>
    /// <param name="openDevice">Opens the control device; called by <see cref="Open"/>.</param>
    /// <param name="logger">Gets what a close cannot answer; null for nobody.</param>
    /// <exception cref="ArgumentNullException"><paramref name="openDevice"/> is null.</exception>
    public UapiDispatcher(Func<LiveUpdateDevice> openDevice, ILogger? logger = null)
    {
        ArgumentNullException.ThrowIfNull(openDevice);
        _openDevice = openDevice;
        _logger = logger ?? Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;
    }

    /// <summary>The limit on descriptors, one above the highest number given out (RLIMIT_NOFILE); 1 048 576 unless set.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public int DescriptorLimit
    {
        get => _table.Limit;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            _table.Limit = value;
        }
    }

    /// <summary>Opens the control device.</summary>
    /// <param name="descriptor">Its number; -1 on failure.</param>
    /// <returns>0; EMFILE; or what the device refuses with (EBUSY, EIO, EOPNOTSUPP, ESHUTDOWN).</returns>
    public LiveUpdateError Open(out int descriptor) => Reserve(out descriptor, () => _openDevice());

    /// <summary>Gives a file of the caller's a number. The table disposes it at the last close, if it can be disposed.</summary>
    /// <param name="file">The file.</param>
    /// <param name="descriptor">Its number; -1 on failure.</param>
    /// <returns>0, or EMFILE; then the file stays the caller's.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="file"/> is null.</exception>
    public LiveUpdateError Install(object file, out int descriptor)
    {
        ArgumentNullException.ThrowIfNull(file);
        return Reserve(out descriptor, () => file);
    }

    /// <summary>Makes another descriptor of the same open file description.</summary>
    /// <param name="descriptor">An open descriptor.</param>
    /// <param name="duplicate">The new number; -1 on failure.</param>
    /// <returns>0, EBADF or EMFILE.</returns>
    public LiveUpdateError Duplicate(int descriptor, out int duplicate) => _table.Duplicate(descriptor, out duplicate);

    /// <summary>Closes a descriptor; the last one of a session unpreserves or finishes it (reference S-20, S-21).</summary>
    /// <param name="descriptor">The descriptor.</param>
    /// <returns>0 or EBADF. A session whose handler refuses to finish is listed again and logged; the answer is 0 (S-22).</returns>
    /// <exception cref="InvalidOperationException">A session, and called from a callback; the descriptor stays open.</exception>
    public LiveUpdateError Close(int descriptor)
    {
        if (_table.TryGet(descriptor, out UapiFile? open) && open.Target is Session)
            CallbackScope.ThrowIfActive("close");
        if (!_table.TryRemove(descriptor, out UapiFile? file, out bool last))
            return LiveUpdateError.BadDescriptor;
        if (last)
            CloseTarget(file);
        return LiveUpdateError.None;
    }

    /// <summary>Takes a descriptor out of the table, and gives what is behind it to the caller, open as it is.</summary>
    /// <returns>The device, the session or the file; null if the descriptor is not open.</returns>
    internal object? Detach(int descriptor) => _table.TryRemove(descriptor, out UapiFile? file, out _) ? file.Target : null;

    /// <summary>The file behind a descriptor: what <see cref="Install"/> was given, or what a request retrieved.</summary>
    /// <param name="descriptor">The descriptor.</param>
    /// <param name="file">The file; owned by the table.</param>
    /// <returns>False if the descriptor is not open, or is the device or a session.</returns>
    public bool TryGetFile(int descriptor, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out object? file)
    {
        file = _table.TryGet(descriptor, out UapiFile? found) && found.Target is not (LiveUpdateDevice or Session) ? found.Target : null;
        return file is not null;
    }

    /// <summary>Closes every descriptor, as the end of a process does.</summary>
    /// <exception cref="InvalidOperationException">Called from a callback, and a session is open.</exception>
    public void CloseAll()
    {
        foreach (int descriptor in _table.List())
            Close(descriptor);
    }

    /// <summary>Handles one request (reference 3.2 to 3.4).</summary>
    /// <param name="descriptor">The device, or a session.</param>
    /// <param name="request">The request number, 32 bits.</param>
    /// <param name="argument">The struct; its first four bytes are its size.</param>
    /// <returns>0, and the answer is written; or the errno, and the argument is as it was.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="argument"/> is null.</exception>
    /// <exception cref="InvalidOperationException">Called from a callback; nothing was opened.</exception>
    public LiveUpdateError Ioctl(int descriptor, uint request, UserMemory argument)
    {
        ArgumentNullException.ThrowIfNull(argument);
        if (!_table.TryGet(descriptor, out UapiFile? file))
            return LiveUpdateError.BadDescriptor;
        return file.Target switch
        {
            LiveUpdateDevice device => OnDevice(device, request, argument),
            Session session => OnSession(session, request, argument),
            _ => LiveUpdateError.NotATypewriter,
        };
    }

    /// <summary>Handles one request whose struct lies in a buffer.</summary>
    /// <inheritdoc cref="Ioctl(int, uint, UserMemory)"/>
    public LiveUpdateError Ioctl(int descriptor, uint request, Memory<byte> argument) => Ioctl(descriptor, request, new UserBuffer(argument));

    /// <summary>Runs an operation; its refusal is the answer. Misuse, a call from a callback for one, is thrown all the same.</summary>
    private static LiveUpdateError Run(Action operation)
    {
        try
        {
            operation();
            return LiveUpdateError.None;
        }
        catch (LiveUpdateException refusal)
        {
            return refusal.Error;
        }
        catch (ObjectDisposedException)
        {
            return LiveUpdateError.BadDescriptor;
        }
    }

    /// <summary>Runs an operation that opens a descriptor; where it throws misuse, the number that was reserved is free again.</summary>
    private LiveUpdateError RunReserved(int descriptor, Action operation)
    {
        try
        {
            return Run(operation);
        }
        catch
        {
            _table.Unreserve(descriptor);
            throw;
        }
    }

    private LiveUpdateError Reserve(out int descriptor, Func<object> open)
    {
        descriptor = -1;
        if (!_table.TryReserve(out int reserved))
            return LiveUpdateError.TooManyFiles;
        object? target = null;
        LiveUpdateError error = RunReserved(reserved, () => target = open());
        if (error != LiveUpdateError.None)
        {
            _table.Unreserve(reserved);
            return error;
        }

        _table.Install(descriptor = reserved, new UapiFile(target!, ownsTarget: true));
        return LiveUpdateError.None;
    }

    private void CloseTarget(UapiFile file)
    {
        try
        {
            if (file.Target is Session session)
                session.Close();
            else if (file.OwnsTarget)
                (file.Target as IDisposable)?.Dispose();
        }
        catch (Exception exception) when (exception is ObjectDisposedException or LiveUpdateException { Error: LiveUpdateError.Shutdown })
        {
            // The generation ended with its sessions, or handed them over: nothing is left to close.
        }
        catch (LiveUpdateException exception)
        {
            UapiLog.CloseRefused(_logger, exception);
        }
    }
}
