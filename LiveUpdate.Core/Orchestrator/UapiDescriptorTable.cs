using System.Diagnostics.CodeAnalysis;

namespace LiveUpdate;

/// <summary>
/// The descriptors of one user of the dispatcher: lowest free number first, with a limit, as a process's table has them (reference U-20, U-21).
/// </summary>
/// <remarks>Safe for threads.</remarks>
internal sealed class UapiDescriptorTable
{
    private readonly Lock _lock = new();
    private readonly List<UapiFile?> _files = [];
    private readonly PriorityQueue<int, int> _free = new();

    /// <summary>One above the highest number that is given out; RLIMIT_NOFILE.</summary>
    public int Limit { get; set; } = 1 << 20;

    /// <summary>Reserves the lowest free number before an operation begins.</summary>
    /// <returns>False if there is none: EMFILE.</returns>
    public bool TryReserve(out int descriptor)
    {
        lock (_lock)
        {
            if (!_free.TryPeek(out descriptor, out _))
                descriptor = _files.Count;
            if (descriptor >= Limit)
                return false;
            if (descriptor == _files.Count)
                _files.Add(null);
            else
                _free.Dequeue();
            return true;
        }
    }

    /// <summary>Gives a reserved number back.</summary>
    public void Unreserve(int descriptor)
    {
        lock (_lock)
            _free.Enqueue(descriptor, descriptor);
    }

    /// <summary>Makes a reserved number a descriptor of a file.</summary>
    public void Install(int descriptor, UapiFile file)
    {
        lock (_lock)
        {
            _files[descriptor] = file;
            file.References++;
        }
    }

    /// <summary>Makes another descriptor of the file behind one.</summary>
    /// <returns>None, EBADF or EMFILE.</returns>
    public LiveUpdateError Duplicate(int descriptor, out int duplicate)
    {
        lock (_lock)
        {
            duplicate = -1;
            if (!TryGet(descriptor, out UapiFile? file))
                return LiveUpdateError.BadDescriptor;
            if (!TryReserve(out int reserved))
                return LiveUpdateError.TooManyFiles;
            Install(duplicate = reserved, file);
            return LiveUpdateError.None;
        }
    }

    /// <summary>The file behind a descriptor.</summary>
    /// <returns>False if it is not open: EBADF.</returns>
    public bool TryGet(int descriptor, [NotNullWhen(true)] out UapiFile? file)
    {
        lock (_lock)
        {
            file = (uint)descriptor < (uint)_files.Count ? _files[descriptor] : null;
            return file is not null;
        }
    }

    /// <summary>Takes a descriptor out.</summary>
    /// <param name="descriptor">The number.</param>
    /// <param name="file">The file behind it.</param>
    /// <param name="last">Whether that was its last descriptor.</param>
    /// <returns>False if it is not open: EBADF.</returns>
    public bool TryRemove(int descriptor, [NotNullWhen(true)] out UapiFile? file, out bool last)
    {
        lock (_lock)
        {
            last = false;
            if (!TryGet(descriptor, out file))
                return false;
            _files[descriptor] = null;
            _free.Enqueue(descriptor, descriptor);
            last = --file.References == 0;
            return true;
        }
    }

    /// <summary>Every descriptor that is open, in order.</summary>
    public IReadOnlyList<int> List()
    {
        lock (_lock)
            return [.. Enumerable.Range(0, _files.Count).Where(descriptor => _files[descriptor] is not null)];
    }
}
