using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Agent;
using LiveUpdate.Interop;
using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Agent.Store;

/// <summary>What no agent sends: the keeper passes over it, keeps what it has, and leaks nothing.</summary>
[Platform(Include = "Linux", Reason = "Only Linux passes descriptors.")]
[SupportedOSPlatform("linux")]
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class KeeperLinkTests : IDisposable
{
    private readonly KeeperTable _table = new(4);
    private readonly KeeperPair _pair;
    private readonly TestMemfd _file = new();

    public KeeperLinkTests()
    {
        _pair = new KeeperPair(_table);
        _pair.Send(new KeeperFrame(KeeperMessage.Store, "kept"), _file.Handle);
        _pair.Move();
    }

    public void Dispose()
    {
        _pair.Dispose();
        _table.Dispose();
        _file.Handle.Dispose();
    }

    [Test]
    public void Random_packets_with_random_descriptors()
    {
        int seed = Random.Shared.Next();
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (int round = 0; round < 2_000; round++)
        {
            byte[] packet = new byte[random.Next(0, 100)];
            random.NextBytes(packet);
            if (packet.Length > 8 && random.Next(2) == 0)
                (packet[0], packet[1], packet[2]) = (1, (byte)random.Next(0, 10), (byte)(packet.Length - 8));
            var descriptors = new SafeHandle[random.Next(4) == 0 ? random.Next(1, 20) : 0];
            Array.Fill(descriptors, _file.Handle);
            _pair.Send(packet, packet.Length == 0 ? [] : descriptors);
            if (random.Next(50) == 0)
                Assert.That(_pair.Move());
        }

        Assert.That(_pair.Move());
        Assert.That(_pair.Logger.Messages, Is.Not.Empty);
        StillKeeps();
    }

    [Test]
    public void Messages_that_lack_something_or_have_too_much()
    {
        _pair.Send(new KeeperFrame(KeeperMessage.Store, "none"));
        _pair.Send(new KeeperFrame(KeeperMessage.Store, "two"), _file.Handle, _file.Handle);
        _pair.Send(new KeeperFrame(KeeperMessage.Store), _file.Handle);
        _pair.Send(new KeeperFrame(KeeperMessage.Remove));
        _pair.Send(new KeeperFrame(KeeperMessage.Remove, "unknown"));
        _pair.Send(new KeeperFrame(KeeperMessage.Hello));
        _pair.Send(new KeeperFrame(KeeperMessage.Hello, Number: uint.MaxValue), _file.Handle);
        _pair.Send(new KeeperFrame(KeeperMessage.Welcome, Number: 1));
        _pair.Send(new KeeperFrame((KeeperMessage)200, "later"), _file.Handle);
        _pair.Send([1, (byte)KeeperMessage.Stop, 0, 0]);
        _pair.Send([2, (byte)KeeperMessage.Stop, 0, 0, 0, 0, 0, 0]);
        _pair.Send([1, (byte)KeeperMessage.Remove, 4, 0, 0, 0, 0, 0, .. "kep:"u8]);
        _pair.Send(new byte[70_000], _file.Handle);
        Assert.That(_pair.Move());
        Assert.That(_pair.Link.IsStopping, Is.False);
        Assert.That(_pair.Greetings, Is.Empty);
        Assert.That(_table.Keys, Is.EqualTo(new[] { "kept" }));
        StillKeeps();
    }

    [Test]
    public void An_empty_packet_is_not_the_end()
    {
        _pair.Send([]);
        _pair.Send([]);
        StillKeeps();
    }

    [Test]
    public void More_than_there_is_room_for_is_closed()
    {
        for (int i = 0; i < 20; i++)
            _pair.Send(new KeeperFrame(KeeperMessage.Store, $"k{i}"), _file.Handle);
        Assert.That(_pair.Move());
        Assert.That((_table.Count, _file.OpenDescriptors), Is.EqualTo((4, 5)));
        Assert.That(_pair.Logger.Messages[0], Does.Contain("\"k3\", which is more than the 4 descriptors that are kept"));
        Assert.That(_pair.Logger.Messages, Has.Count.EqualTo(5), "1, 2, 4, 8 and 16: the log is not filled.");
    }

    [Test]
    public void An_agent_that_asks_and_does_not_read_fills_nothing()
    {
        for (int i = 0; i < 5_000; i++)
        {
            if (_pair.Send(new KeeperFrame(i % 2 == 0 ? KeeperMessage.Take : KeeperMessage.Hello, Number: 1)) < 0)
                Assert.That(_pair.Move());
        }

        Assert.That(_pair.Move());
        _pair.Die();
        while (_pair.Move())
        {
        }

        Assert.That(_file.OpenDescriptors, Is.EqualTo(2), "What lay in the dead agent's queue is closed.");
    }

    [Test]
    public void What_is_removed_while_it_is_given_is_not_counted()
    {
        _pair.Send(new KeeperFrame(KeeperMessage.Store, "other"), _file.Handle);
        _pair.Send(new KeeperFrame(KeeperMessage.Take));
        _pair.Send(new KeeperFrame(KeeperMessage.Remove, "kept"));
        _pair.Move();
        Assert.That(ReadAnswers(), Is.EqualTo(new[] { "Given other 0 1", "End  1 0" }));
    }

    [Test]
    public void An_end_that_is_shut_down_for_sending_is_the_end()
    {
        _pair.Send(new KeeperFrame(KeeperMessage.Store, "last"), _file.Handle);
        _ = Libc.Shutdown(_pair.Agent, Libc.SHUT_WR);
        Assert.That(_pair.Move(), Is.False);
        Assert.That(_table.Keys, Does.Contain("last"));
    }

    [Test]
    public void A_stop_is_noted()
    {
        _pair.Send(new KeeperFrame(KeeperMessage.Stop));
        Assert.That(_pair.Move());
        Assert.That(_pair.Link.IsStopping);
    }

    // It takes, gives and removes as ever.
    private void StillKeeps()
    {
        foreach (string key in _table.Keys.Where(static key => key != "kept").ToArray())
            _pair.Send(new KeeperFrame(KeeperMessage.Remove, key));
        _pair.Send(new KeeperFrame(KeeperMessage.Store, "more"), _file.Handle);
        Assert.That(_pair.Move());
        ReadAnswers();
        while (_pair.Link.HasAnswers)
        {
            _pair.Move();
            ReadAnswers();
        }

        _pair.Send(new KeeperFrame(KeeperMessage.Take));
        _pair.Move();
        Assert.That(ReadAnswers(), Is.EquivalentTo(new[] { "Given kept 0 1", "Given more 0 1", "End  2 0" }));
        Assert.That(_file.OpenDescriptors, Is.EqualTo(3), "The test's own, and two that are kept.");
    }

    private List<string> ReadAnswers()
    {
        var answers = new List<string>();
        var received = new ReceivedDescriptors();
        Span<byte> packet = stackalloc byte[KeeperFrame.MaxSize];
        while (SocketMessage.Receive(_pair.Agent, packet, received.Handles, out _) is var length and > 0)
        {
            Assert.That(KeeperFrame.TryRead(packet[..length], out KeeperFrame frame));
            answers.Add($"{frame.Kind} {frame.Key} {frame.Number} {received.Count}");
            received.Dispose();
        }

        return answers;
    }
}
