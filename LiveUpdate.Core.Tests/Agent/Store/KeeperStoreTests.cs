using System.Runtime.Versioning;
using LiveUpdate.Agent;
using LiveUpdate.Tests.Infrastructure;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Tests.Agent.Store;

/// <summary>An agent's store and its keeper, over a real socket.</summary>
[Platform(Include = "Linux", Reason = "Only Linux passes descriptors.")]
[SupportedOSPlatform("linux")]
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class KeeperStoreTests : IDisposable
{
    private static readonly TimeSpan s_moment = TimeSpan.FromMilliseconds(50);

    private readonly KeeperTable _table = new(300);
    private readonly KeeperPair _pair;

    public KeeperStoreTests() => _pair = new KeeperPair(_table);

    public void Dispose()
    {
        _pair.Dispose();
        _table.Dispose();
    }

    [Test]
    public void What_was_stored_and_not_removed_comes_back_after_a_death()
    {
        (KeeperStore store, IReadOnlyDictionary<string, SafeFileHandle> taken) = _pair.Open();
        Assert.That(taken, Is.Empty);
        Assert.That(_pair.Greetings, Is.EqualTo(new[] { (Environment.ProcessId, true) }));
        Assert.That((store.Keeps, store.Capacity), Is.EqualTo((true, 300)));
        Assert.That(store.Check(), Is.Empty);
        TestMemfd[] files = [new(), new(), new()];
        for (int i = 0; i < 3; i++)
        {
            files[i].Write($"content {i}");
            store.Store($"f{i}", files[i].Handle);
            files[i].Handle.Dispose();
        }

        store.Remove("f1");
        store.Remove("f7");
        Die(store);

        using var next = new KeeperPair(_table);
        (KeeperStore another, taken) = next.Open();
        using (another)
        {
            Assert.That(taken.Keys, Is.EquivalentTo(new[] { "f0", "f2" }));
            Assert.That(TestMemfd.Read(taken["f2"]).TrimEnd('\0'), Is.EqualTo("content 2"));
            foreach (SafeFileHandle handle in taken.Values)
                handle.Dispose();
            another.Remove("f0");
            another.Remove("f2");
            next.Move();
        }

        Assert.That(files.Sum(static file => file.OpenDescriptors), Is.Zero, "Nothing leaks.");
    }

    [Test]
    public void What_lies_in_the_queue_is_stored_although_nobody_has_read_it()
    {
        (KeeperStore store, _) = _pair.Open();
        using SafeFileHandle file = new TestMemfd().Handle;
        for (int i = 0; i < 100; i++)
            store.Store($"f{i}", file);
        for (int i = 0; i < 100; i += 2)
            store.Remove($"f{i}");
        Assert.That(_table.Count, Is.Zero);
        Die(store);
        Assert.That(_table.Keys, Is.EquivalentTo(Enumerable.Range(0, 50).Select(static i => $"f{(2 * i) + 1}")));
    }

    [Test]
    public void What_was_sent_before_a_death_with_unread_answers_is_read()
    {
        using SafeFileHandle file = new TestMemfd().Handle;
        _table.TryPut("old", new TestMemfd().Handle);
        _pair.Send(new KeeperFrame(KeeperMessage.Take));
        _pair.Move();
        _pair.Send(new KeeperFrame(KeeperMessage.Store, "new"), file);
        _pair.Die();
        while (_pair.Move())
        {
        }

        Assert.That(_table.Keys, Is.EquivalentTo(new[] { "old", "new" }));
    }

    [Test]
    public void A_key_that_is_stored_again_has_the_new_descriptor()
    {
        (KeeperStore store, _) = _pair.Open();
        var first = new TestMemfd();
        var second = new TestMemfd();
        store.Store("m", first.Handle);
        store.Store("m", second.Handle);
        first.Handle.Dispose();
        second.Handle.Dispose();
        _pair.Move();
        Assert.That((_table.Count, first.OpenDescriptors, second.OpenDescriptors), Is.EqualTo((1, 0, 1)));
        store.Dispose();
    }

    [Test]
    public void More_than_the_keeper_keeps_is_refused_and_taken_when_there_is_room()
    {
        (KeeperStore store, _) = _pair.Open();
        using SafeFileHandle file = new TestMemfd().Handle;
        for (int i = 0; i < 300; i++)
        {
            store.Store($"f{i}", file);
            if (i % 100 == 99)
                _pair.Move();
        }

        LiveUpdateException refusal = Refused.With(LiveUpdateError.NoSpace, () => store.Store("one-more", file));
        Assert.That(refusal.Message, Does.StartWith("The keeper keeps 300 descriptors and can keep no more."));
        store.Store("f5", file);
        store.Remove("f7");
        store.Store("one-more", file);
        Die(store);
        Assert.That(_table.Count, Is.EqualTo(300));
        Assert.That(_table.Keys, Does.Contain("one-more").And.No.Member("f7"));
        Assert.That(_pair.Logger.Messages, Is.Empty);
    }

    [Test]
    public void A_successor_goes_on_with_the_same_keeper_and_knows_what_it_has()
    {
        (KeeperStore store, _) = _pair.Open();
        using SafeFileHandle file = new TestMemfd().Handle;
        for (int i = 0; i < 200; i++)
            store.Store($"f{i}", file);
        (KeeperStore successor, IReadOnlyDictionary<string, SafeFileHandle> taken) = _pair.Open(isSuccessor: true);
        Assert.That(taken, Is.Empty, "It got the descriptors by the hand-over.");
        store.Dispose();
        for (int i = 200; i < 300; i++)
            successor.Store($"f{i}", file);
        Refused.With(LiveUpdateError.NoSpace, () => successor.Store("f300", file));
        successor.Remove("f0");
        successor.Store("f300", file);
        Die(successor);
        Assert.That(_table.Count, Is.EqualTo(300));
        Assert.That(_pair.Greetings, Has.Count.EqualTo(2));
    }

    [Test]
    public void A_keeper_that_reads_nothing_is_waited_for_and_then_it_is_not_stored()
    {
        (KeeperStore store, _) = _pair.Open(patience: 100);
        using SafeFileHandle file = new TestMemfd().Handle;
        int stored = 0;
        LiveUpdateException refusal = Refused.With(LiveUpdateError.TimedOut, () =>
        {
            while (true)
            {
                store.Store($"f{stored % 250}", file);
                stored++;
            }
        });
        Assert.That(refusal.Message, Does.StartWith("The keeper did not answer in time: it takes no messages."));
        Assert.That(store.Keeps, "It is silent, and not gone.");
        while (_pair.Move() && _table.Count < Math.Min(stored, 250))
        {
        }

        store.Store("late", file);
        Die(store);
        Assert.That(_table.Count, Is.EqualTo(Math.Min(stored, 250) + 1));
    }

    [Test]
    public void What_could_not_be_removed_in_time_is_removed_before_the_next_is_stored()
    {
        (KeeperStore store, _) = _pair.Open(patience: 100);
        var log = new ListLogger(LogLevel.Warning);
        store.Logger = log;
        using SafeFileHandle file = new TestMemfd().Handle;
        Refused.With(LiveUpdateError.TimedOut, () =>
        {
            for (int i = 0; ; i++)
                store.Store($"f{i % 5}", file);
        });
        store.Remove("f0");
        store.Remove("f1");
        Assert.That(log.Messages[^1], Does.StartWith("2 descriptors that are not wanted any more stay stored for now"));
        while (_table.Count < 5)
            _pair.Move(wait: 10);
        for (bool goesOn = true; goesOn;)
        {
            _pair.Move();
            try
            {
                store.Store("f0", file);
                goesOn = false;
            }
            catch (LiveUpdateException exception) when (exception.Error == LiveUpdateError.TimedOut)
            {
            }
        }

        Die(store);
        Assert.That(_table.Keys, Is.EquivalentTo(new[] { "f0", "f2", "f3", "f4" }));
    }

    [Test]
    public async Task What_was_removed_is_closed_in_the_keeper_once_it_is_settled()
    {
        (KeeperStore store, _) = _pair.Open();
        var file = new TestMemfd();
        using SafeFileHandle handle = file.Handle;
        for (int round = 0; round < 3; round++)
        {
            store.Store("s0", handle);
            _pair.Move();
            store.Remove("s0");
            Assert.That(_table.Keys, Is.EqualTo(new[] { "s0" }), "The keeper has not read yet that it is removed.");
            var settled = Task.Run(store.Settle);
            Assert.That(settled.Wait(s_moment), Is.False);
            while (!settled.IsCompleted)
                _pair.Move(wait: 20);
            await settled;
            Assert.That((_table.Count, file.OpenDescriptors), Is.EqualTo((0, 1)));
        }

        store.Dispose();
    }

    [Test]
    public async Task A_late_answer_of_the_keeper_settles_only_what_came_before_it()
    {
        (KeeperStore store, _) = _pair.Open(patience: 500);
        using SafeFileHandle file = new TestMemfd().Handle;
        Refused.With(LiveUpdateError.TimedOut, store.Settle);
        store.Store("s0", file);
        _pair.Move();
        store.Remove("s0");
        var settled = Task.Run(store.Settle);
        Assert.That(settled.Wait(s_moment), Is.False, "The keeper has not read yet that it is removed.");
        while (!settled.IsCompleted)
            _pair.Move(wait: 20);
        await settled;
        Assert.That(_table.Count, Is.Zero);
        store.Dispose();
    }

    [Test]
    public void Without_its_keeper_an_agent_goes_on_and_says_so()
    {
        (KeeperStore store, _) = _pair.Open();
        var log = new ListLogger(LogLevel.Error);
        store.Logger = log;
        using SafeFileHandle file = new TestMemfd().Handle;
        store.Store("f0", file);
        _pair.Link.Dispose();
        Assert.That(store.Keeps, Is.False);
        PreflightFinding finding = store.Check().Single();
        Assert.That((finding.Id, finding.Severity), Is.EqualTo(("agent-keeper-gone", PreflightSeverity.Warning)));
        store.Store("f1", file);
        store.Remove("f0");
        store.Settle();
        store.Store("f2", file);
        store.Stop();
        Assert.That(log.Messages.Single(), Does.Contain("the keeper has ended"));
        store.Dispose();
    }

    [Test]
    public void A_keeper_that_is_gone_at_the_start_is_an_error()
    {
        using var store = new KeeperStore(_pair.Agent, isSuccessor: false);
        _pair.Link.Dispose();
        Refused.With(LiveUpdateError.BrokenPipe, () => store.Take());
    }

    [Test]
    public void A_keeper_that_does_not_answer_is_an_error()
    {
        using var store = new KeeperStore(_pair.Agent, isSuccessor: false) { Patience = TimeSpan.FromMilliseconds(50) };
        LiveUpdateException refusal = Refused.With(LiveUpdateError.TimedOut, () => store.Take());
        Assert.That(refusal.Message, Does.Contain("it has not said what it keeps"));
    }

    [Test]
    public void Misuse_is_refused()
    {
        using SafeFileHandle file = new TestMemfd().Handle;
        using (var store = new KeeperStore(LiveUpdate.Interop.DescriptorInfo.Duplicate(_pair.Agent), isSuccessor: false))
        {
            Assert.Throws<InvalidOperationException>(() => store.Store("f0", file));
            Assert.Throws<InvalidOperationException>(() => store.Remove("f0"));
        }

        (KeeperStore opened, _) = _pair.Open();
        Assert.Throws<InvalidOperationException>(() => opened.Take());
        foreach (string key in (string[])["", new string('k', 33), "a b", "a:b", "ä", "a\0", "a\n"])
        {
            Assert.Throws<ArgumentException>(() => opened.Store(key, file), key);
            Assert.Throws<ArgumentException>(() => opened.Remove(key), key);
        }

        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => opened.Store("f0", file));
        Die(opened);
        Assert.That(_table.Count, Is.Zero);
    }

    [TestCase(KeeperKind.Garbage)]
    [TestCase(KeeperKind.WithoutDescriptor)]
    [TestCase(KeeperKind.Twice)]
    [TestCase(KeeperKind.WrongCount)]
    [TestCase(KeeperKind.Unknown)]
    public void What_no_keeper_gives_is_refused_and_what_came_is_closed(KeeperKind kind)
    {
        var file = new TestMemfd();
        Span<byte> room = stackalloc byte[KeeperFrame.MaxSize];
        using var store = new KeeperStore(LiveUpdate.Interop.DescriptorInfo.Duplicate(_pair.Agent), isSuccessor: false);
        Answer(new KeeperFrame(KeeperMessage.Welcome, Number: 5).Write(room));
        Answer(new KeeperFrame(KeeperMessage.Given, "f0").Write(room), file.Handle);
        switch (kind)
        {
            case KeeperKind.Garbage:
                Answer("garbage"u8);
                break;
            case KeeperKind.WithoutDescriptor:
                Answer(new KeeperFrame(KeeperMessage.Given, "f1").Write(room));
                break;
            case KeeperKind.Twice:
                Answer(new KeeperFrame(KeeperMessage.Given, "f0").Write(room), file.Handle);
                break;
            case KeeperKind.WrongCount:
                Answer(new KeeperFrame(KeeperMessage.End, Number: 2).Write(room));
                break;
            case KeeperKind.Unknown:
                Answer(new KeeperFrame((KeeperMessage)99).Write(room));
                break;
        }

        Refused.With(LiveUpdateError.Protocol, () => store.Take());
        Assert.That(file.OpenDescriptors, Is.EqualTo(1), "The test's own.");
        file.Handle.Dispose();
    }

    [Test]
    public void No_store_keeps_nothing_and_says_so()
    {
        using SafeFileHandle file = new TestMemfd().Handle;
        AgentStore store = AgentStore.None;
        Assert.That((store.Keeps, store.Connection, store.Take().Count), Is.EqualTo((false, (object?)null, 0)));
        store.Store("f0", file);
        store.Remove("f0");
        store.Stop();
        store.Dispose();
        PreflightFinding finding = store.Check().Single();
        Assert.That((finding.Id, finding.Severity), Is.EqualTo(("agent-keeps-nothing", PreflightSeverity.Warning)));
        Assert.That(finding.Remedy, Does.Contain("FileDescriptorStoreMax="));
    }

    private void Answer(ReadOnlySpan<byte> bytes, params System.Runtime.InteropServices.SafeHandle[] descriptors) =>
        Assert.That(LiveUpdate.Interop.SocketMessage.Send(_pair.Link.Socket, bytes, descriptors), Is.EqualTo(bytes.Length));

    // A death: the socket is closed, and nobody says anything.
    private void Die(KeeperStore store)
    {
        store.Dispose();
        _pair.Die();
        while (_pair.Move())
        {
        }
    }

    public enum KeeperKind
    {
        Garbage,
        WithoutDescriptor,
        Twice,
        WrongCount,
        Unknown,
    }
}
