using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Agent;

/// <summary>What an agent holds its sessions on, and what its updates replace.</summary>
[SupportedOSPlatform("linux")]
public abstract class AgentBackEnd : IDisposable
{
    /// <summary>The name of the session in which an agent's own things go to the next one.</summary>
    public const string SessionName = "liveupdate-agent";

    private protected AgentBackEnd()
    {
    }

    /// <summary>What is replaced: <c>managed</c>, <c>kernel</c>, or <c>device</c> for nothing.</summary>
    internal abstract string Name { get; }

    /// <summary>The device; once it is booted.</summary>
    internal abstract LiveUpdateDevice Device { get; }

    /// <summary>Whether preserved files must be stored beside the agent, because they are in its process alone.</summary>
    internal virtual bool HoldsFiles => false;

    /// <summary>Whether sessions are descriptors, which must be stored beside the agent.</summary>
    internal virtual bool HasSessionDescriptors => false;

    /// <summary>Whether a next generation has it all, whatever was thrown: this process must end.</summary>
    internal virtual bool IsOver => false;

    /// <summary>
    /// An orchestrator in this process. An update replaces the process: by a successor, which this back end starts, and which makes the same
    /// back end.
    /// </summary>
    /// <param name="options">
    /// Makes the options of a boot, each time anew: handlers are another orchestrator's afterwards. The back end adds a handler of its own
    /// and takes <see cref="LiveUpdateOptions.Progress"/>.
    /// </param>
    /// <param name="successor">How the successor is started; null for this program with these arguments.</param>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    public static AgentBackEnd Managed(Func<LiveUpdateOptions> options, SuccessorOptions? successor = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new ManagedBackEnd(options, successor ?? new SuccessorOptions());
    }

    /// <summary>The real device. An update replaces the kernel, and with it every process.</summary>
    /// <param name="options">Where it is, and what comes before the kexec; null for the defaults.</param>
    public static AgentBackEnd Kernel(AgentKernelOptions? options = null) => new KernelBackEnd(options ?? new AgentKernelOptions());

    /// <summary>A device that somebody else carries updates out for: an agent without updates of its own.</summary>
    /// <param name="device">The device; owned by the back end from now on.</param>
    /// <exception cref="ArgumentNullException"><paramref name="device"/> is null.</exception>
    public static AgentBackEnd ForDevice(LiveUpdateDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        return new DeviceBackEnd(device);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Boots: cold, or from what the previous generation handed over.</summary>
    /// <returns>What the previous agent sent along, by key, owned by the caller; null if there was none.</returns>
    internal abstract Task<IReadOnlyDictionary<string, SafeFileHandle>?> BootAsync(CancellationToken cancellationToken);

    /// <summary>Rebuilds the sessions of an agent that died, after a cold boot.</summary>
    /// <param name="ledger">What that agent knew.</param>
    /// <param name="stored">What lay beside it; the callee takes what it uses, and what is left stays the caller's.</param>
    /// <param name="report">Told of what could not be rebuilt: index of the session, that of the file if it is only that, and why.</param>
    /// <returns>The sessions that have a connection, by index.</returns>
    internal abstract IReadOnlyDictionary<int, Session> Rebuild(
        AgentLedger ledger, IReadOnlyDictionary<string, SafeFileHandle> stored, Action<int, int?, Exception> report);

    /// <summary>What stands in the way of an update.</summary>
    /// <param name="sessions">How many sessions there are.</param>
    /// <param name="unfinished">The names of those that came with an update and are not finished.</param>
    internal abstract IReadOnlyList<PreflightFinding> Check(int sessions, IReadOnlyList<string> unfinished);

    /// <summary>Hands over. Returns when the next generation has it all; throws if nothing happened.</summary>
    /// <param name="pack">Has requests wait, and says what goes along, by key; called once, as late as may be.</param>
    /// <param name="phase">Told the name of each phase that begins.</param>
    /// <param name="cancellationToken">Calls it off, until the commit.</param>
    internal abstract Task HandOverAsync(
        Func<CancellationToken, Task<IReadOnlyDictionary<string, SafeHandle>>> pack, Action<string> phase, CancellationToken cancellationToken);

    /// <summary>Loads a kernel for the next update.</summary>
    /// <exception cref="LiveUpdateException">EOPNOTSUPP: updates replace no kernel. What the kernel refuses with.</exception>
    internal virtual void Load(KernelImage image) =>
        throw Refusal.Create(LiveUpdateError.NotSupported, "load", $"Updates of the back end \"{Name}\" replace no kernel.");

    private protected abstract void Dispose(bool disposing);
}
