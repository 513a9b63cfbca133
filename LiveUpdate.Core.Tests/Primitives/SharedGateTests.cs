using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Primitives;

public class SharedGateTests
{
    private const int Threads = 4;
    private const int Rounds = 5000;

    [Test]
    public void Who_closed_it_is_alone()
    {
        var gate = new SharedGate();
        int inside = 0;
        int alone = 0;
        Worker.Race(Threads, number =>
        {
            for (int round = 0; round < Rounds; round++)
            {
                if (number == 0)
                {
                    gate.EnterExclusive();
                    Assert.That(Volatile.Read(ref inside), Is.Zero);
                    alone++;
                    gate.ExitExclusive();
                }
                else
                {
                    gate.EnterShared();
                    Interlocked.Increment(ref inside);
                    Interlocked.Decrement(ref inside);
                    gate.ExitShared();
                }
            }
        });
        Assert.That(alone, Is.EqualTo(Rounds));
        Assert.That(gate.IsClosed, Is.False);
    }

    [Test]
    public void Several_who_close_it_exclude_each_other()
    {
        var gate = new SharedGate();
        int count = 0;
        Worker.Race(Threads, _ =>
        {
            for (int round = 0; round < Rounds; round++)
            {
                gate.EnterExclusive();
                count++;
                gate.ExitExclusive();
            }
        });
        Assert.That(count, Is.EqualTo(Threads * Rounds));
    }

    [Test]
    public void Another_thread_may_open_it()
    {
        var gate = new SharedGate();
        gate.EnterExclusive();
        Worker waiter = Worker.Start(() =>
        {
            gate.EnterShared();
            gate.ExitShared();
        }).UntilItWaits();
        Worker.Start(gate.ExitExclusive).Join();
        waiter.Join();
    }

    [Test]
    public void Time_out_and_cancellation_leave_it_open()
    {
        var gate = new SharedGate();
        gate.EnterShared();
        Assert.That(gate.TryEnterExclusive(TimeSpan.Zero, CancellationToken.None), Is.False);
        Assert.That(gate.IsClosed, Is.False);
        using var source = new CancellationTokenSource();
        Worker closer = Worker.Start(() => Assert.That(
            () => gate.TryEnterExclusive(Timeout.InfiniteTimeSpan, source.Token), Throws.InstanceOf<OperationCanceledException>()));
        Worker.Until(() => gate.IsClosed);
        Worker waiter = Worker.Start(() =>
        {
            gate.EnterShared();
            gate.ExitShared();
        }).UntilItWaits();
        source.Cancel();
        closer.Join();
        waiter.Join();
        gate.ExitShared();
        Assert.That(gate.TryEnterExclusive(TimeSpan.Zero, CancellationToken.None), Is.True);
    }

    [Test]
    public void Interrupted_closer_leaves_it_open()
    {
        var gate = new SharedGate();
        gate.EnterShared();
        bool interrupted = false;
        var closer = new Thread(() =>
        {
            try
            {
                gate.EnterExclusive();
            }
            catch (ThreadInterruptedException)
            {
                interrupted = true;
            }
        });
        closer.Start();
        Worker.Until(() => gate.IsClosed);
        closer.Interrupt();
        closer.Join();
        Assert.That(interrupted, Is.True);
        Assert.That(gate.IsClosed, Is.False);
        gate.ExitShared();
    }

    /// <summary>No timer counts so far; the wait must be no error, which would leave the gate closed.</summary>
    [Test]
    public void Longest_time_out_is_a_time_out()
    {
        var gate = new SharedGate();
        gate.EnterShared();
        Worker closer = Worker.Start(
            () => Assert.That(gate.TryEnterExclusive(TimeSpan.MaxValue, CancellationToken.None), Is.True)).UntilItWaits();
        gate.ExitShared();
        closer.Join();
        Assert.That(() => new LiveUpdateOptions { GateTimeout = TimeSpan.FromSeconds(-1) }, Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => new LiveUpdateOptions { FreezeTimeout = TimeSpan.FromSeconds(-1) }, Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(new LiveUpdateOptions { FreezeTimeout = TimeSpan.MaxValue }.FreezeTimeout, Is.EqualTo(Timeout.InfiniteTimeSpan));
    }
}
