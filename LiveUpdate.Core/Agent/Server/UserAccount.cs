using System.Runtime.Versioning;

namespace LiveUpdate.Agent;

/// <summary>What one user holds with the agent, against the limits. Safe for threads.</summary>
[SupportedOSPlatform("linux")]
internal sealed class UserAccount(uint user, AgentServerOptions limits)
{
    private readonly Lock _lock = new();
    private int _connections;
    private int _updateConnections;
    private int _sessions;
    private int _files;
    private long _bytes;

    /// <summary>The user's id.</summary>
    public uint User => user;

    /// <summary>The sessions of this user, of both kinds.</summary>
    public int Sessions => Volatile.Read(ref _sessions);

    /// <summary>Books a device connection.</summary>
    /// <returns>False if that is one too many.</returns>
    public bool TryAddConnection() => TryAdd(ref _connections, limits.MaxConnectionsPerUser);

    /// <summary>Books a connection to the update socket.</summary>
    /// <returns>False if that is one too many.</returns>
    public bool TryAddUpdateConnection() => TryAdd(ref _updateConnections, limits.MaxConnectionsPerUser);

    /// <summary>Books a session.</summary>
    /// <returns>False if that is one too many.</returns>
    public bool TryAddSession() => TryAdd(ref _sessions, limits.MaxSessionsPerUser);

    /// <summary>Books a file.</summary>
    /// <returns>False if that is one, or so many bytes, too many.</returns>
    public bool TryAddFile(long bytes)
    {
        lock (_lock)
        {
            if (_files >= limits.MaxFilesPerUser || bytes > limits.MaxBytesPerUser - _bytes)
                return false;
            _files++;
            _bytes += bytes;
            return true;
        }
    }

    /// <summary>Books what was there before this agent, limits or not.</summary>
    public void Restore(int connections = 0, int updateConnections = 0, int sessions = 0, int files = 0, long bytes = 0)
    {
        lock (_lock)
        {
            _connections += connections;
            _updateConnections += updateConnections;
            _sessions += sessions;
            _files += files;
            _bytes += bytes;
        }
    }

    /// <summary>Takes things off the account.</summary>
    public void Remove(int connections = 0, int updateConnections = 0, int sessions = 0, int files = 0, long bytes = 0) =>
        Restore(-connections, -updateConnections, -sessions, -files, -bytes);

    private bool TryAdd(ref int count, int limit)
    {
        lock (_lock)
        {
            if (count >= limit)
                return false;
            count++;
            return true;
        }
    }
}
