using System.Diagnostics.CodeAnalysis;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Agent;

/// <summary>What a keeper keeps: descriptors by key. Owns them; not safe for threads.</summary>
/// <param name="capacity">How many at most.</param>
[SupportedOSPlatform("linux")]
internal sealed class KeeperTable(int capacity) : IDisposable
{
    private readonly Dictionary<string, SafeFileHandle> _descriptors = new(StringComparer.Ordinal);

    /// <summary>How many at most.</summary>
    public int Capacity => capacity;

    /// <summary>How many there are.</summary>
    public int Count => _descriptors.Count;

    /// <summary>The keys.</summary>
    public IEnumerable<string> Keys => _descriptors.Keys;

    /// <summary>Keeps a descriptor in the place of one that has the key.</summary>
    /// <returns>False if there is no room: it is still the caller's then.</returns>
    public bool TryPut(string key, SafeFileHandle descriptor)
    {
        if (_descriptors.Remove(key, out SafeFileHandle? other))
            other.Dispose();
        else if (_descriptors.Count >= capacity)
            return false;
        _descriptors.Add(key, descriptor);
        return true;
    }

    /// <summary>Finds a descriptor, which stays the table's.</summary>
    public bool TryGet(string key, [NotNullWhen(true)] out SafeFileHandle? descriptor) => _descriptors.TryGetValue(key, out descriptor);

    /// <summary>Closes a key's descriptor.</summary>
    public void Remove(string key)
    {
        if (_descriptors.Remove(key, out SafeFileHandle? descriptor))
            descriptor.Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (SafeFileHandle descriptor in _descriptors.Values)
            descriptor.Dispose();
        _descriptors.Clear();
    }
}
