using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Interop;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Agent;

/// <summary>One run of <see cref="AgentKeeper"/>.</summary>
[SupportedOSPlatform("linux")]
internal sealed class KeeperRun : IDisposable
{
    // What a keeper has open beside what it keeps, generously.
    private const int SpareDescriptors = 64;

    private readonly string _file;
    private readonly IReadOnlyList<string> _arguments;
    private readonly AgentKeeperOptions _options;
    private readonly CancellationToken _cancellation;
    private readonly CancellationSignal _signal;
    private readonly KeeperTable _table;
    private readonly KeeperFamily _family;
    private readonly Queue<long> _deaths = new();
    private readonly ILogger _logger;
    private Deadline _killAt = Deadline.Never;
    private bool _isTold;
    private int _toldProcess;

    /// <summary>Makes one.</summary>
    /// <exception cref="LiveUpdateException">EMFILE: no descriptor is free.</exception>
    public KeeperRun(string file, IReadOnlyList<string> arguments, AgentKeeperOptions options, CancellationToken cancellation)
    {
        (_file, _arguments, _options, _cancellation) = (file, arguments, options, cancellation);
        _logger = new GuardedLogger(options.Logger);
        _signal = new CancellationSignal(cancellation);
        _table = new KeeperTable(FindCapacity());
        _family = new KeeperFamily(_logger);
    }

    /// <summary>Starts the agent, and starts it again, until it is over.</summary>
    /// <returns>The exit code.</returns>
    public int Run()
    {
        for (bool isFirst = true; ; isFirst = false)
        {
            bool isStopping = TryStart(isFirst) is { } link && Serve(link);
            if (isStopping || _cancellation.IsCancellationRequested)
                return _family.Last?.ExitCode ?? 0;
            int deaths = CountDeath();
            if (deaths >= _options.MaxDeaths)
            {
                StoreLog.GivenUp(_logger, deaths, _options.DeathsWithin, _table.Count);
                return AgentKeeper.GaveUp;
            }

            StoreLog.Died(_logger, _family.Last?.Ending ?? "not started", _table.Count, deaths);
            _cancellation.WaitHandle.WaitOne(_options.RestartDelay * (deaths - 1));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _family.Dispose();
        _table.Dispose();
        _signal.Dispose();
    }

    private KeeperLink? TryStart(bool isFirst)
    {
        try
        {
            return Start();
        }
        catch (LiveUpdateException exception) when (!isFirst)
        {
            StoreLog.NotStarted(_logger, exception.Message);
            return null;
        }
    }

    private KeeperLink Start()
    {
        (SafeFileHandle ours, SafeFileHandle theirs) = SocketPair.CreateSequenced();
        using (theirs)
        {
            try
            {
                string path = ExecCommandLine.Resolve(_file);
                string notice = KeeperNotice.ForChild(ChildProcess.InheritedDescriptor, theirs);
                using var arguments = new NativeStringArray([_file, .. _arguments]);
                using var environment = new NativeStringArray(ComposeEnvironment(notice));
                ProcessHandle child = ChildProcess.Start(path, arguments, environment, theirs);
                _family.Add(new KeeperProcess(child.Id, child.Descriptor));
                StoreLog.Started(_logger, child.Id, _table.Count);
                return new KeeperLink(ours, _table, _logger) { Greeted = _family.Greet };
            }
            catch
            {
                ours.Dispose();
                throw;
            }
        }
    }

    private List<string> ComposeEnvironment(string notice)
    {
        var given = new Dictionary<string, string>(StringComparer.Ordinal);
        if (_options.Environment is { } environment)
        {
            foreach ((string name, string value) in environment)
                given[name] = value;
        }
        else
        {
            foreach (System.Collections.DictionaryEntry variable in Environment.GetEnvironmentVariables())
                given[(string)variable.Key] = (string?)variable.Value ?? "";
        }

        // A keeper that is an agent's child itself has one of its own.
        given.Remove(KeeperNotice.Variable);
        return ProcessEnvironment.Compose(given, KeeperNotice.Variable, notice);
    }

    /// <summary>Keeps what the agent sends until its last process is gone.</summary>
    /// <returns>Whether the agent said that it is not to be started again.</returns>
    private bool Serve(KeeperLink link)
    {
        using (link)
        {
            Deadline successor = Deadline.Never;
            while (true)
            {
                KeeperProcess? current = _family.Current;
                if (current is not null)
                    successor = Deadline.Never;
                else if (successor.Milliseconds < 0)
                    successor = Deadline.After(_options.SuccessorTimeout);
                PassCancellationOn(current);
                if (!Wait(link, current, Deadline.Earlier(successor, _killAt)))
                    break;
                if (successor.IsOver)
                {
                    StoreLog.CutOff(_logger, _options.SuccessorTimeout);
                    link.Shutdown();
                }

                if (_killAt.IsOver)
                {
                    StoreLog.Stubborn(_logger, _options.StopTimeout);
                    _family.Kill();
                    link.Shutdown();
                    _killAt = Deadline.Never;
                }
            }

            _family.End();
            return link.IsStopping;
        }
    }

    /// <returns>False when the agent's end of the socket is closed.</returns>
    private bool Wait(KeeperLink link, KeeperProcess? current, Deadline deadline)
    {
        short events = (short)(Libc.POLLIN | (link.HasAnswers ? Libc.POLLOUT : 0));
        WaitResult result = DescriptorWait.Wait(link.Socket, events, deadline, current?.Descriptor, _isTold ? null : _signal.Descriptor);
        if (result != WaitResult.Socket)
            return true;
        if (!link.Receive())
            return false;
        link.Send();
        return true;
    }

    // Whoever is the agent by then, once: a successor that comes up meanwhile is told as well.
    private void PassCancellationOn(KeeperProcess? current)
    {
        if (!_cancellation.IsCancellationRequested || (_isTold && current?.Id == _toldProcess))
            return;
        if (!_isTold)
            _killAt = Deadline.After(_options.StopTimeout);
        _isTold = true;
        if (current is null)
            return;
        _toldProcess = current.Id;
        StoreLog.Stopping(_logger, current.Id);
        current.Signal(Libc.SIGTERM);
    }

    private int CountDeath()
    {
        long now = Stopwatch.GetTimestamp();
        _deaths.Enqueue(now);
        while (Stopwatch.GetElapsedTime(_deaths.Peek(), now) > _options.DeathsWithin)
            _deaths.Dequeue();
        return _deaths.Count;
    }

    private int FindCapacity()
    {
        if (Libc.Getrlimit(Libc.RLIMIT_NOFILE, out Libc.ResourceLimit limit) != 0)
            throw Errno.Failed(Marshal.GetLastPInvokeError(), "Asking how many descriptors may be open");
        ulong room = limit.Soft > SpareDescriptors ? limit.Soft - SpareDescriptors : 1;
        if (room >= (ulong)_options.MaxDescriptors)
            return _options.MaxDescriptors;
        StoreLog.FewDescriptors(_logger, (int)room, _options.MaxDescriptors, limit.Soft);
        return (int)room;
    }
}
