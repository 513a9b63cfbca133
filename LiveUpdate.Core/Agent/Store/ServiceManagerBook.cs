using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Agent;

/// <summary>
/// What an agent has in its service's store: a duplicate of each descriptor by key, so that the next one can be compared with all of them.
/// Owns the duplicates; not safe for threads.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class ServiceManagerBook : IDisposable
{
    private readonly Dictionary<string, SafeFileHandle> _stored = new(StringComparer.Ordinal);
    private readonly SameFileSet _files = new();

    /// <summary>How many there are.</summary>
    public int Count => _stored.Count;

    /// <summary>The keys.</summary>
    public IEnumerable<string> Keys => _stored.Keys;

    /// <summary>The bytes of all names in the variable that the manager passes them in.</summary>
    public int NameLength { get; private set; }

    /// <summary>Whether a key is there.</summary>
    public bool Contains(string key) => _stored.ContainsKey(key);

    /// <summary>Enters a descriptor under a key that is not there.</summary>
    /// <param name="key">The key.</param>
    /// <param name="duplicate">A duplicate; owned by this object from now on, and closed when this throws.</param>
    /// <exception cref="LiveUpdateException">EOPNOTSUPP: the same open file is there under another key.</exception>
    public void Add(string key, SafeFileHandle duplicate)
    {
        try
        {
            _files.Add(duplicate);
        }
        catch (LiveUpdateException exception)
        {
            duplicate.Dispose();
            if (exception.Error != LiveUpdateError.NotSupported)
                throw;
            throw Refusal.Create(
                LiveUpdateError.NotSupported,
                "preserve",
                $"What is to be stored as {key} is an open file that the service manager keeps already, and it keeps one once.",
                inner: exception);
        }

        _stored.Add(key, duplicate);
        NameLength += ServiceManagerStore.NameLength(key);
    }

    /// <summary>Takes a key out; nothing happens if it is not there.</summary>
    public void Remove(string key)
    {
        if (!_stored.Remove(key, out SafeFileHandle? duplicate))
            return;
        NameLength -= ServiceManagerStore.NameLength(key);
        _files.Remove((int)duplicate.DangerousGetHandle());
        duplicate.Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (SafeFileHandle duplicate in _stored.Values)
            duplicate.Dispose();
        _stored.Clear();
    }
}
