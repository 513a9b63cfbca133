using System.Runtime.Versioning;
using LiveUpdate.Interop;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Agent;

/// <summary>
/// The processes that are or were the agent since it was started last: the one started, and its successors. Not safe for threads.
/// </summary>
/// <param name="logger">Gets who is killed.</param>
[SupportedOSPlatform("linux")]
internal sealed class KeeperFamily(ILogger logger) : IDisposable
{
    // One works, one takes over, one may wind down; more are an agent that says hello for others.
    private const int MostProcesses = 16;

    // A process lets its sockets go a moment before it has ended.
    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(2);

    private readonly List<KeeperProcess> _processes = [];

    /// <summary>The process that is the agent: the last that said so and lives. Null if none lives.</summary>
    public KeeperProcess? Current
    {
        get
        {
            while (_processes.Count > 0 && _processes[^1].WaitForEnd(Deadline.After(TimeSpan.Zero)))
                RemoveAt(_processes.Count - 1);
            return _processes.Count > 0 ? _processes[^1] : null;
        }
    }

    /// <summary>The process that ended last.</summary>
    public KeeperProcess? Last { get; private set; }

    /// <summary>Adds the process that was started.</summary>
    public void Add(KeeperProcess process) => _processes.Add(process);

    /// <summary>A process says that it is the agent.</summary>
    /// <param name="id">Its process id, as it says.</param>
    /// <param name="descriptor">Its pidfd, owned by this object from now on; null if it has none.</param>
    public void Greet(int id, SafeFileHandle? descriptor)
    {
        int known = _processes.FindIndex(process => process.Id == id);
        if (known >= 0)
        {
            descriptor?.Dispose();
            KeeperProcess process = _processes[known];
            _processes.RemoveAt(known);
            _processes.Add(process);
        }
        else if (descriptor is not null && KeeperProcess.IsProcess(descriptor))
        {
            Prune();
            _processes.Add(new KeeperProcess(id, descriptor));
            StoreLog.Greeted(logger, id);
        }
        else
        {
            descriptor?.Dispose();
        }
    }

    /// <summary>Sees to it that none of them acts any more: kills those that do not end by themselves in a moment.</summary>
    public void End()
    {
        Deadline grace = Deadline.After(s_grace);
        while (Current is { } process)
        {
            if (!process.WaitForEnd(grace))
            {
                StoreLog.Killed(logger, process.Id);
                process.Signal(Libc.SIGKILL);
                process.WaitForEnd(Deadline.Never);
            }
        }
    }

    /// <summary>Kills all of them at once.</summary>
    public void Kill()
    {
        foreach (KeeperProcess process in _processes)
            process.Signal(Libc.SIGKILL);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (KeeperProcess process in _processes)
            process.Dispose();
        _processes.Clear();
    }

    private void Prune()
    {
        for (int i = _processes.Count - 1; i >= 0; i--)
        {
            if (_processes[i].WaitForEnd(Deadline.After(TimeSpan.Zero)))
                RemoveAt(i);
        }

        if (_processes.Count == MostProcesses)
            RemoveAt(0);
    }

    private void RemoveAt(int index)
    {
        // What it ended with is known by now.
        Last = _processes[index];
        Last.Dispose();
        _processes.RemoveAt(index);
    }
}
