using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Agent;

/// <summary>
/// Where an agent's descriptors lie beside the agent, so that one that dies comes back with all of them: its clients' connections, its
/// memory, and the files that they preserved.
/// </summary>
/// <remarks>
/// An agent gets one and is its only user. Owned by whoever made it, who disposes it when the agent has ended. Safe for threads.
/// </remarks>
[SupportedOSPlatform("linux")]
public abstract class AgentStore : IDisposable
{
    private protected AgentStore()
    {
    }

    /// <summary>No store: with the agent everything is gone that it held.</summary>
    public static AgentStore None { get; } = new NoStore();

    /// <summary>Whether what is stored outlives this process. A keeper that is gone keeps nothing any more.</summary>
    public abstract bool Keeps { get; }

    /// <summary>
    /// Whether an agent that is told to stop leaves everything to the next one: the service manager restarts it with what it stores, or drops
    /// that. A keeper ends with its agent.
    /// </summary>
    internal virtual bool OutlivesStop => false;

    /// <summary>How many descriptors can be stored; <see cref="int.MaxValue"/> if that is not known.</summary>
    internal abstract int Capacity { get; }

    /// <summary>Gets warnings that no caller sees.</summary>
    internal ILogger Logger { get; set; } = NullLogger.Instance;

    /// <summary>What a successor needs for the same store: the keeper's socket, owned by this object; null for none.</summary>
    internal virtual SafeHandle? Connection => null;

    /// <summary>The keeper that started this process (<see cref="AgentKeeper"/>). The environment variable it left is taken.</summary>
    /// <exception cref="LiveUpdateException">ENOENT: no keeper started this process. EPROTO: the variable cannot be read.</exception>
    public static AgentStore Keeper() => KeeperStore.OfThisProcess() ??
        throw new LiveUpdateException(LiveUpdateError.NotFound, $"No keeper started this process: ${KeeperNotice.Variable} is not set.");

    /// <summary>The file descriptor store that systemd keeps for this service.</summary>
    /// <param name="options">How long to wait for the service manager, and how it is asked; null for the defaults.</param>
    /// <exception cref="LiveUpdateException">ENOENT: <c>$NOTIFY_SOCKET</c> is not set. Another errno: it cannot be reached.</exception>
    public static AgentStore ServiceManager(ServiceManagerOptions? options = null) =>
        ServiceManagerStore.Open(options ?? new ServiceManagerOptions());

    /// <summary>What there is: the keeper, else the service manager's store if it is switched on, else none.</summary>
    /// <exception cref="LiveUpdateException">What is there cannot be used.</exception>
    public static AgentStore Find() => (AgentStore?)KeeperStore.OfThisProcess() ?? ServiceManagerStore.TryOpen() ?? None;

    /// <summary>Says what may keep the store from what it is there for. Changes nothing, and may wait for the service manager.</summary>
    public abstract IReadOnlyList<PreflightFinding> Check();

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>The keeper of a predecessor that handed over to this process.</summary>
    /// <param name="connection">The predecessor's end of the keeper's socket; owned by the store from now on.</param>
    internal static AgentStore Keeper(SafeFileHandle connection) => new KeeperStore(connection, isSuccessor: true);

    /// <summary>Takes what an earlier process stored: once, at the start, and before anything is stored.</summary>
    /// <returns>
    /// The descriptors by key, close-on-exec; owned by the caller. They stay stored. Empty for a successor, which got them otherwise.
    /// </returns>
    /// <exception cref="LiveUpdateException">
    /// ETIMEDOUT: the keeper does not answer. EPIPE: it is gone. EMFILE: more are stored than this process may have open. EPROTO: what came
    /// is not what a store gives.
    /// </exception>
    /// <exception cref="InvalidOperationException">It was called before.</exception>
    internal abstract IReadOnlyDictionary<string, SafeFileHandle> Take();

    /// <summary>Stores a descriptor, in the place of one that has the key. It outlives this process from the return on.</summary>
    /// <param name="key">1 to 32 ASCII letters, digits, hyphens and dots (<see cref="StoreKey"/>).</param>
    /// <param name="descriptor">The descriptor; still the caller's, who may close it at once.</param>
    /// <exception cref="LiveUpdateException">
    /// ENOSPC: there is room for no more. ETIMEDOUT: the store does not take it in time. EOPNOTSUPP: the service manager would keep it
    /// under one key only. It is not stored then. A store that is gone is no error: see <see cref="Keeps"/>.
    /// </exception>
    internal abstract void Store(string key, SafeHandle descriptor);

    /// <summary>Lets a stored descriptor go. In order with what was stored before; not waited for.</summary>
    /// <param name="key">The key; one that is not stored is no error.</param>
    internal abstract void Remove(string key);

    /// <summary>
    /// Tells a successor's store what its predecessor stored, as far as the successor has it. The keeper knows by itself; the service
    /// manager cannot be asked.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="descriptor">The descriptor; still the caller's.</param>
    /// <exception cref="LiveUpdateException">EMFILE: no descriptor is free. EOPNOTSUPP: it is adopted under another key.</exception>
    internal virtual void Adopt(string key, SafeHandle descriptor)
    {
    }

    /// <summary>Waits until what was removed is closed in the store, too.</summary>
    /// <exception cref="LiveUpdateException">ETIMEDOUT, and what a store that fails otherwise says. One that is gone is no error.</exception>
    internal virtual void Settle()
    {
    }

    /// <summary>Says that this process ends and is not to be replaced: what is stored may go with it.</summary>
    internal virtual void Stop()
    {
    }

    private protected virtual void Dispose(bool disposing)
    {
    }
}
