namespace LiveUpdate;

/// <summary>
/// What this process knows of its service's store, which it has only one of: who uses it, and which names may be in it although nobody
/// wants them there, since the manager did not confirm that they were removed.
/// </summary>
internal static class StoreLedger
{
    private static readonly Lock s_lock = new();
    private static readonly HashSet<string> s_unwanted = new(StringComparer.Ordinal);
    private static Task s_removal = Task.CompletedTask;
    private static bool s_isUsed;
    private static bool s_isHandedOver;

    /// <summary>The names that the next hand-over removes first.</summary>
    public static string[] Unwanted
    {
        get
        {
            lock (s_lock)
                return [.. s_unwanted];
        }
    }

    /// <summary>Reserves the store for one hand-over.</summary>
    /// <exception cref="LiveUpdateException">EBUSY: another one uses it. ESHUTDOWN: it holds what this process has handed over.</exception>
    public static void Claim()
    {
        AwaitRemoval();
        lock (s_lock)
        {
            if (s_isHandedOver)
                throw Refuse(LiveUpdateError.Shutdown, "This process has handed over to the service manager: it has to end.");
            if (s_isUsed)
                throw Refuse(LiveUpdateError.Busy, "Another hand-over of this process uses the service's file descriptor store.");
            s_isUsed = true;
        }
    }

    /// <summary>Gives the reservation back.</summary>
    public static void Release()
    {
        lock (s_lock)
            s_isUsed = false;
    }

    /// <summary>What is in the store belongs to the next process: this one never touches it again.</summary>
    public static void HandedOver()
    {
        lock (s_lock)
        {
            s_isHandedOver = true;
            s_unwanted.Clear();
        }
    }

    /// <summary>Removes names on another thread, since a boot is within the pause. Whoever uses the store next waits for it.</summary>
    /// <param name="names">The names; they stay unwanted until the manager has confirmed that they are gone.</param>
    /// <param name="remove">Removes them, in a limited time.</param>
    public static void RemoveLater(IEnumerable<string> names, Action remove)
    {
        Add(names);
        lock (s_lock)
            s_removal = Task.Run(remove);
    }

    /// <summary>Waits until no removal is under way: a name that is removed late would be one that was stored anew.</summary>
    public static void AwaitRemoval()
    {
        Task removal;
        lock (s_lock)
            removal = s_removal;
        removal.Wait();
    }

    /// <summary>Notes names that are in the store, or may come into it.</summary>
    public static void Add(IEnumerable<string> names)
    {
        lock (s_lock)
            s_unwanted.UnionWith(names);
    }

    /// <summary>The manager has confirmed that names are gone.</summary>
    public static void Removed(IEnumerable<string> names)
    {
        lock (s_lock)
            s_unwanted.ExceptWith(names);
    }

    private static LiveUpdateException Refuse(LiveUpdateError error, string message) => Refusal.Create(error, "hand over", message);
}
