using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Agent;

/// <summary>The file descriptor store of this service, each key as the name <c>luod-KEY</c>.</summary>
/// <remarks>
/// systemd takes a message when it comes to it, drops what it has no room for without a word, and keeps an open file once. So each store
/// waits for a barrier, room is counted here, and a duplicate of what is stored is held to compare the next with. What a predecessor stored
/// that handed over to this process is there too, and cannot be asked for: only what is adopted is compared and counted as the agent's.
/// </remarks>
[SupportedOSPlatform("linux")]
internal sealed class ServiceManagerStore : AgentStore
{
    private const string Prefix = "luod-";

    // Set by systemd 254 and later for a service whose store is on.
    private const string StoreVariable = "FDSTORE";

    private const int ConnectionReset = 104;
    private const int NotConnected = 107;
    private const int ConnectionRefused = 111;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, SafeFileHandle> _stored = new(StringComparer.Ordinal);
    private readonly SameFileSet _files = new();
    private readonly NotifyConnection _connection;
    private readonly ServiceManagerOptions _options;
    private int _capacity = int.MaxValue;
    private int _nameLength;
    private bool _begun;
    private volatile bool _gone;

    private ServiceManagerStore(NotifyConnection connection, ServiceManagerOptions options) => (_connection, _options) = (connection, options);

    /// <inheritdoc/>
    public override bool Keeps => !_gone && _capacity > 0;

    /// <inheritdoc/>
    internal override bool OutlivesStop => true;

    /// <inheritdoc/>
    internal override int Capacity => _capacity;

    private Deadline StoreDeadline => Deadline.After(_options.StoreTimeout);

    /// <summary>Connects to the manager.</summary>
    /// <exception cref="LiveUpdateException">It is not there.</exception>
    public static ServiceManagerStore Open(ServiceManagerOptions options) => new(NotifyConnection.Open(), options);

    /// <summary>Connects to the manager if it keeps anything for this service.</summary>
    /// <returns>Null if this is no service, or its store is off.</returns>
    /// <exception cref="LiveUpdateException">The manager that should be there is not.</exception>
    public static ServiceManagerStore? TryOpen()
    {
        if (Environment.GetEnvironmentVariable(NotifyConnection.Variable) is not { Length: > 0 })
            return null;
        var options = new ServiceManagerOptions();
        return (StatedRoom() ?? ServiceQuery.Ask(options, out _)?.Max ?? 0) > 0 ? Open(options) : null;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<PreflightFinding> Check() => ServiceManagerStoreCheck.Run(_options, _gone, StoredCount());

    /// <inheritdoc/>
    internal override IReadOnlyDictionary<string, SafeFileHandle> Take()
    {
        lock (_lock)
        {
            if (_begun)
                throw new InvalidOperationException("What was stored is taken once.");
            var taken = new Dictionary<string, SafeFileHandle>(StringComparer.Ordinal);
            int passed = 0;
            if (PassedDescriptors.Find(IsOurs) is { } found)
            {
                foreach ((string name, List<int> numbers) in found.Ours)
                {
                    passed += numbers.Count;
                    TakeInto(taken, name, numbers);
                }

                found.Forget();
            }

            foreach ((string key, SafeFileHandle handle) in taken)
                Note(key, DescriptorInfo.Duplicate(handle));
            _capacity = FindCapacity(passed);
            _begun = true;
            return taken;
        }
    }

    /// <inheritdoc/>
    internal override void Store(string key, SafeHandle descriptor)
    {
        StoreKey.Check(key);
        lock (_lock)
        {
            ThrowUnlessBegun();
            if (_gone)
                return;

            // A predecessor may have stored it as well, and a name has one descriptor.
            RemoveUnsynchronized(key);
            if (_gone)
                return;
            if (_stored.Count >= _capacity || _nameLength + NameLength(key) > StoreName.MaxTotalLength)
            {
                throw new LiveUpdateException(
                    LiveUpdateError.NoSpace,
                    $"The service's file descriptor store holds {_stored.Count} of the agent's descriptors and has no room for more " +
                    $"(FileDescriptorStoreMax=, and {StoreName.MaxTotalLength} bytes of names).");
            }

            SafeFileHandle duplicate = DescriptorInfo.Duplicate(descriptor);
            if (!TryStore(key, duplicate))
                return;
            _stored.Add(key, duplicate);
            _nameLength += NameLength(key);
        }
    }

    /// <inheritdoc/>
    internal override void Remove(string key)
    {
        StoreKey.Check(key);
        lock (_lock)
        {
            ThrowUnlessBegun();
            if (!_gone)
                RemoveUnsynchronized(key);
        }
    }

    /// <inheritdoc/>
    internal override void Adopt(string key, SafeHandle descriptor)
    {
        StoreKey.Check(key);
        lock (_lock)
        {
            ThrowUnlessBegun();
            if (_stored.ContainsKey(key))
                return;
            SafeFileHandle duplicate = DescriptorInfo.Duplicate(descriptor);
            try
            {
                AddFile(key, duplicate);
            }
            catch
            {
                duplicate.Dispose();
                throw;
            }

            _stored.Add(key, duplicate);
            _nameLength += NameLength(key);

            // Until now it counted as somebody else's.
            _capacity += _capacity < int.MaxValue ? 1 : 0;
        }
    }

    /// <inheritdoc/>
    /// <remarks>A service that is stopped loses its store by itself; one that ends by itself is to find nothing when it is started again.</remarks>
    internal override void Stop()
    {
        lock (_lock)
        {
            foreach (string key in _stored.Keys.ToArray())
                RemoveUnsynchronized(key);
        }
    }

    private protected override void Dispose(bool disposing)
    {
        _connection.Dispose();
        foreach (SafeFileHandle duplicate in _stored.Values)
            duplicate.Dispose();
        base.Dispose(disposing);
    }

    private static bool IsOurs(string name) => name.StartsWith(Prefix, StringComparison.Ordinal) && StoreKey.IsValid(name.AsSpan(Prefix.Length));

    // With its separator in the variable that the manager passes names in.
    private static int NameLength(string key) => Prefix.Length + key.Length + 1;

    private static long? StatedRoom() =>
        long.TryParse(Environment.GetEnvironmentVariable(StoreVariable), NumberStyles.None, CultureInfo.InvariantCulture, out long room) ? room : null;

    // A name has one descriptor: of several only the last can be what was meant.
    private static void TakeInto(Dictionary<string, SafeFileHandle> taken, string name, List<int> numbers)
    {
        foreach (int number in numbers)
        {
            ArrivedSlots.SetCloseOnExec(number);
            var handle = new SafeFileHandle(number, ownsHandle: true);
            string key = name[Prefix.Length..];
            if (taken.Remove(key, out SafeFileHandle? other))
                other.Dispose();
            taken.Add(key, handle);
        }
    }

    private int FindCapacity(int passed)
    {
        if (ServiceQuery.Ask(_options, out _) is { } state)
            return (int)Math.Clamp(state.Max - Math.Max(0, state.Stored - passed), 0, int.MaxValue);
        return (int)Math.Min(StatedRoom() ?? int.MaxValue, int.MaxValue);
    }

    private int StoredCount()
    {
        lock (_lock)
            return _stored.Count;
    }

    private void ThrowUnlessBegun()
    {
        if (!_begun)
            throw new InvalidOperationException("What is stored is taken first.");
    }

    private void Note(string key, SafeFileHandle duplicate)
    {
        _files.Add(duplicate);
        _stored.Add(key, duplicate);
        _nameLength += NameLength(key);
    }

    private bool TryStore(string key, SafeFileHandle duplicate)
    {
        bool isSent = false;
        try
        {
            AddFile(key, duplicate);
            _connection.Store(Prefix + key, duplicate, StoreDeadline);
            isSent = true;
            _connection.Barrier(StoreDeadline);
            return true;
        }
        catch (LiveUpdateException exception)
        {
            Forget(duplicate);
            bool isGone = IsGone(exception);

            // What the manager comes to later must not be stored then.
            if (isSent && !isGone)
                SendRemove(key, Deadline.After(TimeSpan.Zero));
            if (!isGone)
                throw;
            return false;
        }
    }

    private void AddFile(string key, SafeFileHandle duplicate)
    {
        try
        {
            _files.Add(duplicate);
        }
        catch (LiveUpdateException exception) when (exception.Error == LiveUpdateError.NotSupported)
        {
            throw Refusal.Create(
                LiveUpdateError.NotSupported,
                "preserve",
                $"What is to be stored as {key} is an open file that the service manager keeps already, and it keeps one once.",
                inner: exception);
        }
    }

    private void RemoveUnsynchronized(string key)
    {
        if (_stored.Remove(key, out SafeFileHandle? duplicate))
        {
            _nameLength -= NameLength(key);
            Forget(duplicate);
        }

        SendRemove(key, StoreDeadline);
    }

    private void SendRemove(string key, Deadline deadline)
    {
        try
        {
            _connection.Remove(Prefix + key, deadline);
        }
        catch (LiveUpdateException exception)
        {
            if (!IsGone(exception))
                StoreLog.NotRemoved(Logger, 1, exception.Reason);
        }
    }

    private void Forget(SafeFileHandle duplicate)
    {
        _files.Remove((int)duplicate.DangerousGetHandle());
        duplicate.Dispose();
    }

    private bool IsGone(LiveUpdateException exception)
    {
        if ((int)exception.Error is not (ConnectionReset or NotConnected or ConnectionRefused))
            return false;
        if (!_gone)
            StoreLog.Gone(Logger, exception.Reason);
        return _gone = true;
    }
}
