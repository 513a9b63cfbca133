using System.Runtime.ExceptionServices;

namespace LiveUpdate.Tests.Infrastructure;

/// <summary>A thread of a scenario: what it does can be seen to wait, and to end with a result or an exception.</summary>
internal sealed class Worker
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    private readonly Thread _thread;
    private ExceptionDispatchInfo? _failure;

    private Worker(Action action)
    {
        _thread = new Thread(() => Run(action)) { IsBackground = true };
        _thread.Start();
    }

    /// <summary>Whether it has ended.</summary>
    public bool HasEnded => !_thread.IsAlive;

    public static Worker Start(Action action) => new(action);

    /// <summary>Starts several at the same moment, and waits for all; each gets its number.</summary>
    public static void Race(int count, Action<int> action)
    {
        using var start = new Barrier(count);
        Worker[] workers = [.. Enumerable.Range(0, count).Select(number => Start(() =>
        {
            start.SignalAndWait();
            action(number);
        }))];
        foreach (Worker worker in workers)
            worker.Join();
    }

    /// <summary>Waits for a condition that another thread brings about.</summary>
    public static void Until(Func<bool> condition) =>
        Assert.That(SpinWait.SpinUntil(condition, s_limit), Is.True, "the condition did not come about");

    /// <summary>Waits for an event that another thread sets.</summary>
    public static void Until(ManualResetEventSlim signal) => Assert.That(signal.Wait(s_limit), Is.True, "the event was not set");

    /// <summary>Returns once the thread waits for something.</summary>
    public Worker UntilItWaits()
    {
        Until(() => HasEnded || _thread.ThreadState.HasFlag(ThreadState.WaitSleepJoin));
        Assert.That(HasEnded, Is.False, "it should wait, and ended");
        return this;
    }

    /// <summary>Waits for its end; throws what it threw.</summary>
    public void Join()
    {
        Assert.That(_thread.Join(s_limit), Is.True, "it does not end");
        _failure?.Throw();
    }

    private void Run(Action action)
    {
        try
        {
            action();
        }
        catch (Exception exception)
        {
            _failure = ExceptionDispatchInfo.Capture(exception);
        }
    }
}
