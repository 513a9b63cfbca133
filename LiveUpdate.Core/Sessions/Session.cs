using System.Diagnostics.CodeAnalysis;

namespace LiveUpdate;

/// <summary>
/// A named container of files that goes from one generation to the next (reference 4.3).
/// </summary>
/// <remarks>
/// <para>An <b>outgoing</b> session is made by the device's <c>CreateSession</c>; files are preserved in it, and it is handed over as it is when
/// the generation changes. Closing or disposing it before that unpreserves its files, newest first.</para>
/// <para>An <b>incoming</b> session came from the previous generation and is got by the device's <c>RetrieveSession</c>; its files are retrieved
/// by token, and <see cref="Finish"/> ends it. Disposing it unfinished puts it back, nothing lost: it can be retrieved again.</para>
/// <para>Operations on one session exclude each other; different sessions go in parallel (C-08). While a hand-over is under way operations
/// wait, and go on if it is called off; after its commit they throw ESHUTDOWN. From a callback of a handler or an FLB every operation throws
/// <see cref="InvalidOperationException"/>. Open sessions are rooted: the garbage collector never ends one.</para>
/// </remarks>
public abstract class Session : IControlObject, IDisposable
{
    private protected Session(SessionName name) => SessionName = name;

    /// <summary>The name as text (reference S-12).</summary>
    public string Name => SessionName.ToString();

    /// <summary>The name with its bytes.</summary>
    public SessionName SessionName { get; }

    /// <summary>Whether it came from the previous generation.</summary>
    public abstract bool IsIncoming { get; }

    /// <summary>The files of the session in order of preservation; a snapshot.</summary>
    /// <exception cref="InvalidOperationException">Called from a callback.</exception>
    /// <exception cref="LiveUpdateException">ESHUTDOWN: handed over. EOPNOTSUPP: a session of a real device, which lists nothing.</exception>
    /// <exception cref="ObjectDisposedException">The session is closed, or the orchestrator disposed.</exception>
    public abstract IReadOnlyList<SessionFile> GetFiles();

    /// <summary>Preserves a file under a token (reference 4.5).</summary>
    /// <param name="token">Unique in this session; any value.</param>
    /// <param name="file">
    /// The object. A <see cref="System.Runtime.InteropServices.SafeHandle"/>, <see cref="System.Net.Sockets.Socket"/> or
    /// <see cref="FileStream"/> counts by its open file description, any other object by reference. The caller keeps it and may close it
    /// afterwards (F-13): the orchestrator holds the handle, or for a socket a duplicate. A stream is flushed and its position written
    /// to the descriptor now; later
    /// moves of the stream are not carried.
    /// </param>
    /// <exception cref="ArgumentNullException"><paramref name="file"/> is null.</exception>
    /// <exception cref="InvalidOperationException">Called from a callback.</exception>
    /// <exception cref="LiveUpdateException">
    /// EINVAL: an incoming session. EEXIST: the token is in use. ENOMEM, ENOSPC: no room for the record. EBADF: the descriptor is not open.
    /// ENOENT: no handler takes it. EBUSY: the object is preserved already, or retrieved in an unfinished session. What an FLB or the handler
    /// refused with. ESHUTDOWN: handed over. In this order (reference 3.4).
    /// </exception>
    /// <exception cref="ObjectDisposedException">The session is closed, or the orchestrator disposed.</exception>
    public abstract void Preserve(Token token, object file);

    /// <summary>
    /// Preserves a file under a token, with a name that the next generation finds in <see cref="GetFiles"/> before it retrieves
    /// anything.
    /// </summary>
    /// <param name="token">Unique in this session; any value.</param>
    /// <param name="file">The object, as in <see cref="Preserve(Token, object)"/>.</param>
    /// <param name="name">1 to 63 bytes in UTF-8, no NUL; need not be unique. The kernel knows no names: sessions of a real device
    /// refuse this.</param>
    /// <exception cref="ArgumentNullException"><paramref name="file"/> or <paramref name="name"/> is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="name"/> is empty, too long, or holds a NUL.</exception>
    /// <exception cref="LiveUpdateException">EOPNOTSUPP: sessions of this device have no names. Else as without a name.</exception>
    /// <inheritdoc cref="Preserve(Token, object)"/>
    public virtual void Preserve(Token token, object file, string name) => Refusal.Throw(
        LiveUpdateError.NotSupported, "preserve", "Sessions of this device have no names of files.", Name, token.Value);

    /// <summary>Retrieves a file; its handler rebuilds it once, and later calls give the same one (reference 4.9).</summary>
    /// <param name="token">The token it was preserved under.</param>
    /// <returns>The object itself, or for a descriptor a new <see cref="Microsoft.Win32.SafeHandles.SafeFileHandle"/> owned by the caller.</returns>
    /// <exception cref="InvalidOperationException">Called from a callback.</exception>
    /// <exception cref="LiveUpdateException">
    /// EINVAL: an outgoing session. ENOENT: no such token, or finished. The error of the handler's one attempt, again and again. EMFILE:
    /// no descriptor is free. ESHUTDOWN: handed over.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The session is closed, or the orchestrator disposed.</exception>
    public object Retrieve(Token token) => RetrieveAs(token, typeof(object));

    /// <summary>Retrieves a file as a certain type.</summary>
    /// <typeparam name="T">
    /// The type; for a descriptor <see cref="Microsoft.Win32.SafeHandles.SafeFileHandle"/>, and for a socket also
    /// <see cref="System.Net.Sockets.SafeSocketHandle"/> or <see cref="System.Net.Sockets.Socket"/>: a new one, owned by the caller.
    /// </typeparam>
    /// <param name="token">The token it was preserved under.</param>
    /// <exception cref="InvalidCastException">It is of another type. The file stays retrieved.</exception>
    /// <inheritdoc cref="Retrieve(Token)"/>
    public T Retrieve<T>(Token token)
        where T : class => (T)RetrieveAs(token, typeof(T));

    /// <summary>Retrieves a file if the session has the token.</summary>
    /// <typeparam name="T">As in <see cref="Retrieve{T}(Token)"/>.</typeparam>
    /// <param name="token">The token it was preserved under.</param>
    /// <param name="file">The file.</param>
    /// <returns>False if the session has no such token; every other failure throws.</returns>
    /// <inheritdoc cref="Retrieve{T}(Token)"/>
    public abstract bool TryRetrieve<T>(Token token, [NotNullWhen(true)] out T? file)
        where T : class;

    /// <summary>
    /// Ends an incoming session: the retrieved objects belong to their users alone, what was never retrieved is dropped (reference 4.10).
    /// </summary>
    /// <exception cref="InvalidOperationException">Called from a callback.</exception>
    /// <exception cref="LiveUpdateException">
    /// EINVAL: an outgoing session. EBUSY: a handler refuses, nothing changed. ESHUTDOWN: handed over.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The session is closed, or the orchestrator disposed.</exception>
    public abstract void Finish();

    /// <summary>
    /// What the kernel does at the last close of the session's descriptor: unpreserves an outgoing session (S-20), finishes an incoming one
    /// (S-21).
    /// </summary>
    /// <remarks>Closing twice does nothing. A program that does not mean to finish uses <see cref="Dispose()"/>.</remarks>
    /// <exception cref="InvalidOperationException">Called from a callback.</exception>
    /// <exception cref="LiveUpdateException">
    /// EBUSY: a handler refuses to finish; the session is listed again, nothing lost. ESHUTDOWN: handed over.
    /// </exception>
    public abstract void Close();

    /// <summary>
    /// Unpreserves an outgoing session; puts an unfinished incoming one back, so that it can be retrieved again. Never finishes, and does
    /// nothing after a hand-over or when called again.
    /// </summary>
    /// <remarks>
    /// An incoming session of a <c>KernelDevice</c> is parked for the life of the process; the end of the process finishes it, as the kernel
    /// does.
    /// </remarks>
    /// <exception cref="InvalidOperationException">Called from a callback.</exception>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Passes the freeze gate once: for a request that only reads the name (reference C-03, U-09).</summary>
    internal abstract void CheckUsable(string operation);

    /// <summary>The part of <see cref="Dispose()"/> that depends on the kind of session.</summary>
    /// <param name="disposing">Always true: a session has no finalizer.</param>
    private protected abstract void Dispose(bool disposing);

    /// <summary>Retrieves a file for a caller that wants a certain type.</summary>
    private protected abstract object RetrieveAs(Token token, Type type);
}
