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
    private readonly ServiceManagerBook _book = new();
    private readonly NotifyConnection _connection;
    private readonly ServiceManagerOptions _options;
    private int _capacity = int.MaxValue;
    private bool _begun;
    private volatile bool _gone;

    private ServiceManagerStore(NotifyConnection connection, ServiceManagerOptions options) =>
        (_connection, _options) = (connection, options);

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

    /// <summary>The bytes of a key's name in the variable that the manager passes names in, with its separator.</summary>
    public static int NameLength(string key) => Prefix.Length + key.Length + 1;

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
                _book.Add(key, DescriptorInfo.Duplicate(handle));
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
            if (_book.Count >= _capacity || _book.NameLength + NameLength(key) > StoreName.MaxTotalLength)
            {
                throw new LiveUpdateException(
                    LiveUpdateError.NoSpace,
                    $"The service's file descriptor store holds {_book.Count} of the agent's descriptors and has no room for more " +
                    $"(FileDescriptorStoreMax=, and {StoreName.MaxTotalLength} bytes of names).");
            }

            _book.Add(key, DescriptorInfo.Duplicate(descriptor));
            Send(key, descriptor);
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
    internal override void Settle()
    {
        lock (_lock)
        {
            ThrowUnlessBegun();
            if (!_gone)
                _connection.Barrier(StoreDeadline);
        }
    }

    /// <inheritdoc/>
    internal override void Adopt(string key, SafeHandle descriptor)
    {
        StoreKey.Check(key);
        lock (_lock)
        {
            ThrowUnlessBegun();
            if (_book.Contains(key))
                return;
            _book.Add(key, DescriptorInfo.Duplicate(descriptor));

            // Until now it counted as somebody else's.
            _capacity += _capacity < int.MaxValue ? 1 : 0;
        }
    }

    /// <inheritdoc/>
    /// <remarks>
    /// A service that is stopped loses its store by itself; one that ends by itself is to find nothing when it is started again.
    /// </remarks>
    internal override void Stop()
    {
        lock (_lock)
        {
            foreach (string key in _book.Keys.ToArray())
                RemoveUnsynchronized(key);
        }
    }

    private protected override void Dispose(bool disposing)
    {
        _connection.Dispose();
        _book.Dispose();
        base.Dispose(disposing);
    }

    private static bool IsOurs(string name) =>
        name.StartsWith(Prefix, StringComparison.Ordinal) && StoreKey.IsValid(name.AsSpan(Prefix.Length));

    private static long? StatedRoom() =>
        long.TryParse(Environment.GetEnvironmentVariable(StoreVariable), NumberStyles.None, CultureInfo.InvariantCulture, out long room)
            ? room
            : null;

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
            return _book.Count;
    }

    private void ThrowUnlessBegun()
    {
        if (!_begun)
            throw new InvalidOperationException("What is stored is taken first.");
    }

    private void Send(string key, SafeHandle descriptor)
    {
        bool isSent = false;
        try
        {
            _connection.Store(Prefix + key, descriptor, StoreDeadline);
            isSent = true;
            _connection.Barrier(StoreDeadline);
        }
        catch (LiveUpdateException exception)
        {
            _book.Remove(key);
            if (IsGone(exception))
                return;

            // What the manager comes to later must not be stored then.
            if (isSent)
                SendRemove(key, Deadline.After(TimeSpan.Zero));
            throw;
        }
    }

    private void RemoveUnsynchronized(string key)
    {
        _book.Remove(key);
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

    private bool IsGone(LiveUpdateException exception)
    {
        if ((int)exception.Error is not (ConnectionReset or NotConnected or ConnectionRefused))
            return false;
        if (!_gone)
            StoreLog.Gone(Logger, exception.Reason);
        return _gone = true;
    }
}
