using System.Runtime.ExceptionServices;

namespace LiveUpdate.Benchmarks.Agent;

/// <summary>Threads that wait for work and do it all at once.</summary>
internal sealed class ClientThreads : IDisposable
{
    private readonly Barrier _barrier;
    private readonly Thread[] _threads;
    private Action<int>? _work;
    private Exception? _failure;

    public ClientThreads(int count)
    {
        _barrier = new Barrier(count + 1);
        _threads = [.. Enumerable.Range(0, count).Select(number => new Thread(() => Run(number)) { IsBackground = true })];
        foreach (Thread thread in _threads)
            thread.Start();
    }

    /// <summary>Has every thread do the work once, and waits until all have.</summary>
    /// <param name="work">Gets the thread's number. What it throws is thrown here.</param>
    public void Do(Action<int> work)
    {
        _work = work;
        _barrier.SignalAndWait();
        _barrier.SignalAndWait();
        if (Interlocked.Exchange(ref _failure, null) is { } failure)
            ExceptionDispatchInfo.Throw(failure);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _work = null;
        _barrier.SignalAndWait();
        foreach (Thread thread in _threads)
            thread.Join();
        _barrier.Dispose();
    }

    private void Run(int number)
    {
        while (true)
        {
            _barrier.SignalAndWait();
            if (_work is not { } work)
                return;
            try
            {
                work(number);
            }
            catch (Exception exception)
            {
                _failure = exception;
            }

            _barrier.SignalAndWait();
        }
    }
}
