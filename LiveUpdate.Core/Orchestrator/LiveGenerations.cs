namespace LiveUpdate;

/// <summary>
/// Roots every generation that has not ended, so that the garbage collector never ends an open session, as it never closes a descriptor.
/// </summary>
internal static class LiveGenerations
{
    private static readonly Lock s_lock = new();
    private static readonly HashSet<LiveUpdateEngine> s_engines = [];

    public static void Add(LiveUpdateEngine engine)
    {
        lock (s_lock)
            s_engines.Add(engine);
    }

    public static void Remove(LiveUpdateEngine engine)
    {
        lock (s_lock)
            s_engines.Remove(engine);
    }
}
