using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace LiveUpdate;

/// <summary>
/// The service's file descriptor store during one hand-over: gets descriptors and memory while this process runs, follows what is preserved
/// and unpreserved meanwhile, and is emptied again if the hand-over is called off.
/// </summary>
/// <remarks>
/// <para>What is stored is references, and means nothing without a hand-over written in the memory: a next process that finds none drops it
/// all. One that is unpreserved is out of the store before the unpreserve returns; a socket whose copy stayed there would never show its
/// peer the end.</para>
/// <para>Its lock nests inside that of the descriptor slots. What fails under it is kept for the hand-over's own thread.</para>
/// </remarks>
[SupportedOSPlatform("linux")]
internal sealed class DescriptorStore : IDescriptorMirror, IDisposable
{
    private readonly Lock _lock = new();
    private readonly LiveUpdateEngine _engine;
    private readonly ServiceManagerOptions _options;
    private readonly NotifyConnection _connection;
    private readonly SameFileSet _files = new();
    private readonly Dictionary<int, int> _uses = [];
    private readonly List<int> _numbers = [];
    private NotifyBarrier? _last;
    private long? _others;
    private bool _isSettled;
    private bool _isSilent;
    private Exception? _failure;

    private DescriptorStore(LiveUpdateEngine engine, ServiceManagerOptions options, NotifyConnection connection) =>
        (_engine, _options, _connection) = (engine, options, connection);

    private Deadline StoreDeadline => Deadline.After(_options.StoreTimeout);

    /// <summary>Connects to the manager, and removes what may be left of an earlier hand-over: names are used again.</summary>
    /// <exception cref="LiveUpdateException">The manager is not there, or does not answer.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static DescriptorStore Open(LiveUpdateEngine engine, ServiceManagerOptions options, CancellationSignal cancellation)
    {
        NotifyConnection connection = NotifyConnection.Open();
        try
        {
            connection.Cancellation = cancellation;
            string[] ours = [StoreName.Memory, .. engine.Descriptors.ListNumbers().Select(StoreName.Of)];
            string[] names = [.. ours.Union(StoreLedger.Unwanted)];
            Deadline deadline = Deadline.After(options.StoreTimeout);
            foreach (string name in names)
                connection.Remove(name, deadline);
            connection.Barrier(deadline);
            StoreLedger.Removed(names);
            return new DescriptorStore(engine, options, connection);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Stores every descriptor, and the memory behind them; has the manager confirm it.</summary>
    /// <param name="memory">The memory file.</param>
    /// <param name="others">How many descriptors of others are in the store; null if nobody says.</param>
    /// <param name="reached">Test seam.</param>
    /// <exception cref="LiveUpdateException">
    /// The manager is gone or silent. ENOSPC: it has not taken all. EOPNOTSUPP: two slots hold one open file under two numbers.
    /// </exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public void StoreAll(SafeHandle memory, long? others, Action<ServiceManagerPhase>? reached)
    {
        _others = others;
        _engine.Descriptors.SetMirror(this);
        ThrowIfFailed();
        reached?.Invoke(ServiceManagerPhase.Descriptors);
        lock (_lock)
        {
            Try(() =>
            {
                _files.Add(memory);
                StoreLedger.Add([StoreName.Memory]);
                _connection.Store(StoreName.Memory, memory, StoreDeadline);
            });
        }

        ThrowIfFailed();
        reached?.Invoke(ServiceManagerPhase.Memory);
        Settle();
    }

    /// <summary>Has the manager confirm all that was stored since the last time, and makes ready for the commit.</summary>
    /// <exception cref="LiveUpdateException">The manager is gone or silent. ENOSPC: it has not taken all.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public void Settle()
    {
        ThrowIfFailed();
        lock (_lock)
        {
            if (!_isSettled)
                Try(SettleUnsynchronized);
            if (_failure is null)
                Try(() => _last ??= new NotifyBarrier());
        }

        ThrowIfFailed();
    }

    /// <summary>Has the manager say, with everything frozen, that it is still there. What it holds it has confirmed before.</summary>
    /// <exception cref="LiveUpdateException">The manager is gone or silent.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public void AwaitLastAnswer()
    {
        ThrowIfFailed();
        lock (_lock)
        {
            try
            {
                _connection.Pass(_last!, Deadline.After(_options.CommitTimeout));
            }
            catch
            {
                _isSilent = true;
                throw;
            }
        }
    }

    /// <summary>Takes everything out again, the memory first: what is left of a hand-over without it is no hand-over.</summary>
    /// <remarks>
    /// Sessions are in use again. A manager that does not answer is not waited for: what it gets to know later is in its queue, and what
    /// does not fit there is removed by the next hand-over, or by the next process.
    /// </remarks>
    public void Undo()
    {
        string[] names;
        lock (_lock)
        {
            names = [StoreName.Memory, .. _uses.Keys.Select(StoreName.Of)];
            try
            {
                _connection.Cancellation = null;
                Deadline deadline = Deadline.After(_isSilent ? TimeSpan.Zero : _options.CommitTimeout);
                foreach (string name in names)
                    _connection.Remove(name, deadline);
                _connection.Barrier(deadline);
                StoreLedger.Removed(names);
            }
            catch (LiveUpdateException exception)
            {
                EngineLog.StoreNotCleared(_engine.Options.Logger, StoreLedger.Unwanted.Length, exception.Reason);
            }

            _failure ??= new ObjectDisposedException(nameof(DescriptorStore));
        }
    }

    /// <inheritdoc/>
    public void Begin(IReadOnlyList<SafeHandle?> descriptors)
    {
        for (int slot = 0; slot < descriptors.Count; slot++)
        {
            if (descriptors[slot] is { } descriptor)
                Added(slot, descriptor);
        }
    }

    /// <inheritdoc/>
    public void Added(int slot, SafeHandle descriptor)
    {
        lock (_lock)
            Try(() => AddUnsynchronized(slot, descriptor));
    }

    /// <inheritdoc/>
    public void Removed(int slot)
    {
        lock (_lock)
            Try(() => RemoveUnsynchronized(_numbers[slot]));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _engine.Descriptors.SetMirror(null);
        lock (_lock)
        {
            _failure ??= new ObjectDisposedException(nameof(DescriptorStore));
            _last?.Dispose();
            _connection.Dispose();
        }
    }

    private void AddUnsynchronized(int slot, SafeHandle descriptor)
    {
        int number = (int)descriptor.DangerousGetHandle();
        while (_numbers.Count <= slot)
            _numbers.Add(-1);
        _numbers[slot] = number;
        ref int uses = ref CollectionsMarshal.GetValueRefOrAddDefault(_uses, number, out _);
        if (uses++ > 0)
            return;
        string name = StoreName.Of(number);
        _files.Add(descriptor);
        StoreLedger.Add([name]);
        _connection.Store(name, descriptor, StoreDeadline);
        _isSettled = false;
    }

    private void RemoveUnsynchronized(int number)
    {
        if (--_uses[number] > 0)
            return;
        _uses.Remove(number);
        _files.Remove(number);
        string name = StoreName.Of(number);
        _connection.Remove(name, StoreDeadline);
        _connection.Barrier(StoreDeadline);
        StoreLedger.Removed([name]);
        _isSettled = false;
    }

    private void SettleUnsynchronized()
    {
        _connection.Barrier(StoreDeadline);
        long expected = _others.GetValueOrDefault() + _uses.Count + 1;
        if (_others is not null)
        {
            // It could be asked before; that it cannot now is no reason to hope.
            ServiceState state = ServiceQuery.Ask(_options, out string? reason) ?? throw Refusal.Create(
                LiveUpdateError.TimedOut, "hand over", $"The service manager does not say what it holds any more: {reason}.");
            if (state.Stored != expected)
            {
                throw Refusal.Create(
                    LiveUpdateError.NoSpace,
                    "hand over",
                    $"The file descriptor store of {state.Unit} holds {state.Stored} descriptors of {state.Max} where it should hold " +
                    $"{expected}: the service manager dropped some, or the program stored or removed others meanwhile.");
            }
        }

        _isSettled = true;
    }

    private void Try(Action action)
    {
        if (_failure is not null)
            return;
        try
        {
            action();
        }
        catch (Exception exception)
        {
            _failure = exception;
            _isSilent |= exception is LiveUpdateException { Error: LiveUpdateError.TimedOut };
        }
    }

    private void ThrowIfFailed()
    {
        if (Volatile.Read(ref _failure) is { } failure)
            ExceptionDispatchInfo.Throw(failure);
    }
}
