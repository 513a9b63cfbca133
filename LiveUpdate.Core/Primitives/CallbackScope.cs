namespace LiveUpdate;

/// <summary>
/// Marks a thread as being inside a callback of a handler or an FLB, from which operations on sessions are refused.
/// </summary>
/// <remarks>Two callbacks that entered each other's sessions would wait for one another for ever (reference H-08).</remarks>
internal ref struct CallbackScope : IDisposable
{
    [ThreadStatic]
    private static int t_depth;

    /// <summary>Whether this thread is inside a callback.</summary>
    public static bool IsActive => t_depth != 0;

    /// <summary>Enters a callback; leave it by disposing what this returns.</summary>
    public static CallbackScope Enter()
    {
        t_depth++;
        return default;
    }

    /// <summary>Refuses an operation that a callback may not do.</summary>
    /// <exception cref="InvalidOperationException">This thread is inside a callback.</exception>
    public static void ThrowIfActive(string operation)
    {
        if (t_depth != 0)
            Throw(operation);
    }

    /// <inheritdoc/>
    public readonly void Dispose() => t_depth--;

    private static void Throw(string operation) => throw new InvalidOperationException(
        $"\"{operation}\" cannot be called from a callback of a file handler or an FLB: two callbacks that enter each other's " +
        "sessions would wait for one another for ever (reference H-08).");
}
