using System.Runtime.InteropServices;
using LiveUpdate.Interop;

namespace LiveUpdate;

/// <summary>
/// The ids of all objects that are preserved or retrieved, across sessions, handlers and both sides (reference F-05, R-06).
/// </summary>
/// <remarks>Safe for threads; its lock is innermost. Open file descriptions are told apart by the kernel: two may share device and inode.</remarks>
internal sealed class FileIdSet
{
    private readonly Lock _lock = new();
    private readonly ReferenceSet _references = new();
    private readonly HashSet<(ulong High, ulong Low)> _numbers = [];
    private readonly Dictionary<(ulong Device, ulong Inode), SortedSet<SafeHandle>> _descriptions = [];

    /// <summary>How many ids are in the set.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _references.Count + _numbers.Count + _descriptions.Values.Sum(static bucket => bucket.Count);
        }
    }

    /// <summary>Adds an id; false if it is there already.</summary>
    /// <exception cref="LiveUpdateException">EOPNOTSUPP: descriptions cannot be compared here (<c>kcmp</c> is refused).</exception>
    public bool TryAdd(in FileId id)
    {
        lock (_lock)
        {
            if (id.Description is { } handle)
                return TryAddDescription(handle, id.Numbers);
            return id.Reference is { } reference ? _references.TryAdd(reference) : _numbers.Add(id.Numbers);
        }
    }

    /// <summary>
    /// Adds the identity of a retrieved object, or one more owner of it: two handlers may give out the same object, which is busy until both
    /// sessions are finished.
    /// </summary>
    public void AddOwner(object reference)
    {
        lock (_lock)
            _references.AddOwner(reference);
    }

    /// <summary>Takes an id out; one that has several owners leaves with the last of them.</summary>
    public void Remove(in FileId id)
    {
        lock (_lock)
        {
            if (id.Description is { } handle)
                RemoveDescription(handle, id.Numbers);
            else if (id.Reference is { } reference)
                _references.Remove(reference);
            else
                _numbers.Remove(id.Numbers);
        }
    }

    private bool TryAddDescription(SafeHandle handle, (ulong Device, ulong Inode) key)
    {
        if (!_descriptions.TryGetValue(key, out SortedSet<SafeHandle>? bucket))
            _descriptions.Add(key, bucket = new SortedSet<SafeHandle>(OpenDescriptionComparer.Instance));
        return bucket.Add(handle);
    }

    private void RemoveDescription(SafeHandle handle, (ulong Device, ulong Inode) key)
    {
        if (!_descriptions.TryGetValue(key, out SortedSet<SafeHandle>? bucket))
            return;
        if (!TryRemove(bucket, handle))
        {
            // Somebody closed its bare number: it is not the file any more that was entered, and cannot be found by what it is.
            bucket = new SortedSet<SafeHandle>(
                bucket.Where(other => !ReferenceEquals(other, handle) && IsOpen(other)), OpenDescriptionComparer.Instance);
            _descriptions[key] = bucket;
        }

        if (bucket.Count == 0)
            _descriptions.Remove(key);
    }

    private static bool IsOpen(SafeHandle handle) => !OperatingSystem.IsLinux() || DescriptorInfo.IsOpen(handle);

    private static bool TryRemove(SortedSet<SafeHandle> bucket, SafeHandle handle)
    {
        try
        {
            return bucket.Remove(handle);
        }
        catch (LiveUpdateException)
        {
            return false;
        }
    }
}
