using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate;

/// <summary>Puts sessions of the kernel's into the store of the service manager, each under its own name.</summary>
[SupportedOSPlatform("linux")]
internal static class SessionStore
{
    /// <summary>Stores duplicates, and has the manager answer.</summary>
    /// <exception cref="LiveUpdateException">The manager is not there, or does not answer; what it may have taken is taken out again.</exception>
    public static void Add(IReadOnlyDictionary<string, SafeFileHandle> sessions, TimeSpan timeout)
    {
        using NotifyConnection connection = NotifyConnection.Open();
        Deadline deadline = Deadline.After(timeout);
        try
        {
            foreach ((string name, SafeFileHandle session) in sessions)
                connection.Store(name, session, deadline);
            connection.Barrier(deadline);
        }
        catch
        {
            TryRemove(connection, sessions.Keys);
            throw;
        }
    }

    /// <summary>Takes them out again.</summary>
    /// <exception cref="LiveUpdateException">The manager is gone, or does not answer.</exception>
    public static void Remove(IEnumerable<string> names, TimeSpan timeout)
    {
        using NotifyConnection connection = NotifyConnection.Open();
        Deadline deadline = Deadline.After(timeout);
        foreach (string name in names)
            connection.Remove(name, deadline);
        connection.Barrier(deadline);
    }

    private static void TryRemove(NotifyConnection connection, IEnumerable<string> names)
    {
        try
        {
            foreach (string name in names)
                connection.Remove(name, Deadline.After(TimeSpan.Zero));
        }
        catch (LiveUpdateException)
        {
            // The first cause reaches the caller.
        }
    }
}
