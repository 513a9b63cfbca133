using System.Diagnostics.CodeAnalysis;

namespace LiveUpdate;

/// <summary>
/// The control device: makes sessions and gives back those of the previous generation (reference 4.2).
/// </summary>
/// <remarks>
/// One opener at a time, as <c>/dev/liveupdate</c> has. Disposing the device lets the next opener in and does not touch sessions (O-23).
/// Safe for threads.
/// </remarks>
public abstract class LiveUpdateDevice : IControlObject, IDisposable
{
    private protected LiveUpdateDevice()
    {
    }

    /// <summary>The names of the sessions that came from the previous generation and are not finished and closed; a snapshot.</summary>
    /// <exception cref="InvalidOperationException">Called from a callback.</exception>
    /// <exception cref="ObjectDisposedException">The device is closed, or the orchestrator disposed.</exception>
    /// <exception cref="LiveUpdateException">ESHUTDOWN: handed over. EOPNOTSUPP: a real device, which lists nothing.</exception>
    public abstract IReadOnlyList<string> GetIncomingSessions();

    /// <summary>Makes an outgoing session (reference S-01 to S-07).</summary>
    /// <param name="name">1 to 63 bytes in UTF-8, unique on the outgoing side.</param>
    /// <exception cref="ArgumentNullException"><paramref name="name"/> is null.</exception>
    /// <exception cref="InvalidOperationException">Called from a callback.</exception>
    /// <exception cref="ObjectDisposedException">The device is closed, or the orchestrator disposed.</exception>
    /// <exception cref="LiveUpdateException">
    /// EINVAL: the name is empty, too long or holds a NUL. ENOSPC: 510 000 sessions. EEXIST: the name is in use. ENOMEM: no memory for the
    /// record. ESHUTDOWN: handed over.
    /// </exception>
    public Session CreateSession(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!SessionName.TryCreate(name, out SessionName parsed))
            ThrowInvalidName(name);
        return CreateSession(parsed);
    }

    /// <summary>Makes an outgoing session.</summary>
    /// <param name="name">The name, of any bytes.</param>
    /// <exception cref="ArgumentException"><paramref name="name"/> is the default value.</exception>
    /// <inheritdoc cref="CreateSession(string)"/>
    public abstract Session CreateSession(SessionName name);

    /// <summary>Gets a session that came from the previous generation (reference S-10).</summary>
    /// <param name="name">The name.</param>
    /// <exception cref="ArgumentNullException"><paramref name="name"/> is null.</exception>
    /// <exception cref="InvalidOperationException">Called from a callback.</exception>
    /// <exception cref="ObjectDisposedException">The device is closed, or the orchestrator disposed.</exception>
    /// <exception cref="LiveUpdateException">
    /// ENOENT: there is no such session; the name is not checked (U-30). EINVAL: it has been retrieved and not given back. ESHUTDOWN: handed over.
    /// </exception>
    public Session RetrieveSession(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return SessionName.TryCreate(name, out SessionName parsed) ? RetrieveSession(parsed) : throw IncomingSessionList.NotFound(name);
    }

    /// <summary>Gets a session that came from the previous generation.</summary>
    /// <param name="name">The name, of any bytes.</param>
    /// <inheritdoc cref="RetrieveSession(string)"/>
    public abstract Session RetrieveSession(SessionName name);

    /// <summary>Gets a session that came from the previous generation, if there is one of that name.</summary>
    /// <param name="name">The name.</param>
    /// <param name="session">The session.</param>
    /// <returns>False if there is none; every other failure throws.</returns>
    /// <inheritdoc cref="RetrieveSession(string)"/>
    public bool TryRetrieveSession(string name, [NotNullWhen(true)] out Session? session)
    {
        try
        {
            session = RetrieveSession(name);
            return true;
        }
        catch (LiveUpdateException exception) when (exception.Error == LiveUpdateError.NotFound)
        {
            session = null;
            return false;
        }
    }

    /// <summary>Closes the device; sessions live on. Does nothing when called again.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>The part of <see cref="Dispose()"/> that depends on the kind of device.</summary>
    /// <param name="disposing">Always true: a device has no finalizer.</param>
    private protected abstract void Dispose(bool disposing);

    [DoesNotReturn]
    private static void ThrowInvalidName(string name) => Refusal.Throw(
        LiveUpdateError.InvalidArgument,
        "create session",
        $"A session's name has 1 to {SessionName.MaxLength} bytes in UTF-8 and no NUL.",
        name);
}
