namespace LiveUpdate;

/// <summary>
/// Collects what callbacks threw that cannot refuse: the state change went on, and the error must not be lost.
/// </summary>
/// <remarks>Safe for threads. Holds the newest <see cref="Capacity"/> errors, so that a handler that always throws costs no memory.</remarks>
internal sealed class CleanupErrors(Action<LiveUpdateException>? observer)
{
    /// <summary>How many errors are kept.</summary>
    public const int Capacity = 256;

    private readonly Lock _lock = new();
    private readonly Queue<LiveUpdateException> _errors = new();

    /// <summary>Keeps an error and tells the observer.</summary>
    public void Add(LiveUpdateException error)
    {
        lock (_lock)
        {
            if (_errors.Count == Capacity)
                _errors.Dequeue();
            _errors.Enqueue(error);
        }

        observer?.Invoke(error);
    }

    /// <summary>The errors so far, oldest first.</summary>
    public IReadOnlyList<LiveUpdateException> ToList()
    {
        lock (_lock)
            return [.. _errors];
    }
}
