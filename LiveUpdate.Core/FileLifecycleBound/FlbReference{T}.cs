namespace LiveUpdate;

/// <summary>A counted reference to the live object of an FLB; disposing it is the put (reference G-30 to G-34).</summary>
/// <typeparam name="T">The live form of the FLB.</typeparam>
/// <remarks>
/// While it is held the FLB stays held or live, also after the last file is gone. The last put runs the FLB's <c>Unpreserve</c> or
/// <c>Finish</c> on the thread that disposes (G-33). Safe for threads; disposing twice is one put.
/// </remarks>
public sealed class FlbReference<T> : IDisposable
    where T : class
{
    private readonly T? _object;
    private Action? _put;

    internal FlbReference(T? value, Action put) => (_object, _put) = (value, put);

    /// <summary>The live object; null if the FLB's <c>Preserve</c> set none (reference G-32).</summary>
    /// <exception cref="ObjectDisposedException">The reference was put.</exception>
    public T? Value
    {
        get
        {
            ObjectDisposedException.ThrowIf(Volatile.Read(ref _put) is null, this);
            return _object;
        }
    }

    /// <summary>Puts the reference; once the orchestrator is disposed there is nothing to put.</summary>
    /// <exception cref="LiveUpdateException">ESHUTDOWN: the generation it belongs to has been handed over; no callback runs.</exception>
    public void Dispose() => Interlocked.Exchange(ref _put, null)?.Invoke();
}
