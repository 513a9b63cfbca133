using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate;

/// <summary>
/// An update that is ready for a kexec by somebody else: every file is frozen, everything is written, and the kernel's sessions are held.
/// </summary>
/// <remarks>
/// <para>Operations on sessions wait until it is aborted, or until the kernel is replaced. Whoever starts the kexec needs nothing from this
/// process: the kernel hands over what is in its sessions as long as somebody holds their descriptors (reference S-25). This process may
/// stay alive, or give them to a process that does, or to the service manager's store (<see cref="Sessions"/>).</para>
/// <para>Safe for threads. One that is forgotten holds everything frozen for the life of the process.</para>
/// </remarks>
[SupportedOSPlatform("linux")]
public sealed class PreparedUpdate : IDisposable, IAsyncDisposable
{
    private static readonly TimeSpan s_storeTimeout = TimeSpan.FromSeconds(30);

    private readonly Lock _storing = new();
    private readonly ManualResetEventSlim _aborted = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isStored;

    private PreparedUpdate()
    {
    }

    /// <summary>
    /// The descriptors of the kernel's sessions by their names: that with the orchestrator's memory, and one for each session with
    /// memfds. They belong to the orchestrator; a duplicate that another process gets, or the service manager, keeps the session alive there.
    /// </summary>
    public IReadOnlyDictionary<string, SafeFileHandle> Sessions { get; private set; } = new Dictionary<string, SafeFileHandle>();

    /// <summary>Whether it was aborted.</summary>
    public bool IsAborted => _aborted.IsSet;

    /// <summary>
    /// Has the service manager keep the sessions too (<c>FDSTORE=1</c>, under their names), so that they live on when this process ends.
    /// <see cref="Abort"/> takes them out again.
    /// </summary>
    /// <param name="timeout">How long the manager has; null for 30 seconds.</param>
    /// <remarks>What a manager does with its store when it starts a kexec is its own affair, and not tested with this library.</remarks>
    /// <exception cref="InvalidOperationException">The update was aborted.</exception>
    /// <exception cref="LiveUpdateException">
    /// ENOENT: there is no service manager. ECONNREFUSED and the like: it is gone. ETIMEDOUT: it does not answer. The update stays prepared.
    /// </exception>
    public void StoreSessions(TimeSpan? timeout = null)
    {
        lock (_storing)
        {
            if (IsAborted)
                throw new InvalidOperationException("The prepared update was aborted.");
            SessionStore.Add(Sessions, timeout ?? s_storeTimeout);
            _isStored = true;
        }
    }

    /// <summary>Calls the update off: everything is unfrozen, and goes on. Does nothing when called again.</summary>
    /// <exception cref="LiveUpdateException">The service manager does not give the sessions back that it was given; everything else is done.</exception>
    public void Abort()
    {
        _aborted.Set();
        _ended.Task.Wait();
        TakeOut();
    }

    /// <inheritdoc cref="Abort"/>
    public void Dispose() => Abort();

    /// <inheritdoc cref="Abort"/>
    public async ValueTask DisposeAsync()
    {
        _aborted.Set();
        await _ended.Task.ConfigureAwait(false);
        TakeOut();
    }

    /// <summary>Freezes everything, on a thread of its own that then waits.</summary>
    /// <param name="target">The target.</param>
    /// <param name="handOver">Runs the hand-over with the target that it gets.</param>
    internal static async Task<PreparedUpdate> PrepareAsync(KernelTarget target, Action<KernelTarget> handOver)
    {
        var update = new PreparedUpdate();
        _ = Task.Factory.StartNew(
            () => update.Run(target, handOver),
            CancellationToken.None,
            TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach,
            TaskScheduler.Default);
        await update._ready.Task.ConfigureAwait(false);
        return update;
    }

    private void TakeOut()
    {
        lock (_storing)
        {
            if (!_isStored)
                return;
            _isStored = false;
            SessionStore.Remove(Sessions.Keys, s_storeTimeout);
        }
    }

    private void Run(KernelTarget target, Action<KernelTarget> handOver)
    {
        try
        {
            handOver(target.ForPreparing(Wait));
        }
        catch (LiveUpdateException) when (_ready.Task.IsCompleted)
        {
            // The way back after Abort, which the caller has asked for.
        }
        catch (Exception exception)
        {
            _ready.TrySetException(exception);
        }
        finally
        {
            _ended.TrySetResult();
        }
    }

    private void Wait(LiveUpdateEngine engine)
    {
        KernelCarrier carrier = engine.Carrier as KernelCarrier ?? throw new InvalidOperationException("The carrier is the kernel's.");
        Dictionary<string, SafeFileHandle> sessions = engine.Carried!.Outgoing.ToDictionary(static session => session.Name, static session => session.Handle);
        sessions.Add(carrier.Memory!.Name, carrier.Memory.Descriptor);
        Sessions = sessions;
        _ready.TrySetResult();
        _aborted.Wait();
    }
}
