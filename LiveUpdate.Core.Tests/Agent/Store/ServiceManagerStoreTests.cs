using System.Runtime.Versioning;
using LiveUpdate.Agent;
using LiveUpdate.Interop;
using LiveUpdate.Tests.Infrastructure;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Tests.Agent.Store;

/// <summary>The service manager's store where the manager hangs, goes away, or is none; and how an agent finds its store.</summary>
[Platform(Include = "Linux", Reason = "Only Linux has systemd.")]
[SupportedOSPlatform("linux")]
[NonParallelizable]
public sealed class ServiceManagerStoreTests
{
    private static readonly string[] s_variables = ["NOTIFY_SOCKET", "FDSTORE", KeeperNotice.Variable];

    private readonly Dictionary<string, string?> _before = [];
    private string _folder = null!;
    private ServiceManagerOptions _options = null!;
    private SafeFileHandle _file = null!;

    [SetUp]
    public void SetUp()
    {
        foreach (string variable in s_variables)
        {
            _before[variable] = Environment.GetEnvironmentVariable(variable);
            Environment.SetEnvironmentVariable(variable, null);
        }

        _folder = Directory.CreateTempSubdirectory("notify-").FullName;
        _file = new TestMemfd().Handle;

        // Nobody is asked: the tests run in no service that they know.
        _options = new ServiceManagerOptions { StoreTimeout = TimeSpan.FromSeconds(1), Systemctl = "/bin/false" };
    }

    [TearDown]
    public void TearDown()
    {
        foreach ((string variable, string? value) in _before)
            Environment.SetEnvironmentVariable(variable, value);
        _file.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Test]
    public void Messages_are_those_of_the_manager_s_protocol_one_barrier_each()
    {
        using NotifyPeer peer = Listen(barriers: 3);
        using AgentStore store = Open();
        using SafeFileHandle other = new TestMemfd().Handle;
        store.Store("c0", _file);
        store.Store("f1", other);
        store.Remove("c0");
        store.Remove("c0");
        store.Store("c2", _file);
        store.Stop();
        string[] messages = peer.Drain();
        Assert.That(messages[..8], Is.EqualTo(new[]
        {
            "FDSTOREREMOVE luod-c0 0", "FDSTORE luod-c0 unpolled 1", "FDSTOREREMOVE luod-f1 0", "FDSTORE luod-f1 unpolled 1",
            "FDSTOREREMOVE luod-c0 0", "FDSTOREREMOVE luod-c0 0", "FDSTOREREMOVE luod-c2 0", "FDSTORE luod-c2 unpolled 1",
        }));
        Assert.That(messages[8..], Is.EquivalentTo(new[] { "FDSTOREREMOVE luod-f1 0", "FDSTOREREMOVE luod-c2 0" }));
        Assert.That(store.Keeps);
    }

    [Test]
    public void An_open_file_that_is_stored_already_is_refused_under_another_key_and_replaced_under_its_own()
    {
        using NotifyPeer peer = Listen(barriers: 2);
        using AgentStore store = Open();
        store.Store("f0", _file);
        using SafeFileHandle same = DescriptorInfo.Duplicate(_file);
        LiveUpdateException refusal = Refused.With(LiveUpdateError.NotSupported, () => store.Store("f1", same));
        Assert.That(refusal.Message, Does.StartWith("What is to be stored as f1 is an open file that the service manager keeps already"));
        store.Store("f0", same);
        Assert.That(peer.Drain()[^2..], Is.EqualTo(new[] { "FDSTOREREMOVE luod-f0 0", "FDSTORE luod-f0 unpolled 1" }));
    }

    [Test]
    public void What_was_removed_is_not_settled_before_the_manager_has_passed_a_barrier_behind_it()
    {
        using NotifyPeer peer = Listen(barriers: 1);
        using AgentStore store = Open();
        store.Store("s0", _file);
        store.Remove("s0");
        Refused.With(LiveUpdateError.TimedOut, store.Settle);
    }

    [Test]
    public void More_than_the_store_holds_is_refused_before_the_manager_drops_it()
    {
        Environment.SetEnvironmentVariable("FDSTORE", "1");
        using NotifyPeer peer = Listen(barriers: 2);
        using AgentStore store = Open();
        Assert.That(store.Capacity, Is.EqualTo(1));
        store.Store("f0", _file);
        using SafeFileHandle other = new TestMemfd().Handle;
        Refused.With(LiveUpdateError.NoSpace, () => store.Store("f1", other));
        store.Remove("f0");
        store.Store("f1", other);
        Assert.That(peer.Drain().Count(static message => message.StartsWith("FDSTORE ", StringComparison.Ordinal)), Is.EqualTo(2));
    }

    [Test]
    public void What_a_successor_adopts_counts_and_is_compared_and_what_it_does_not_know_it_removes()
    {
        Environment.SetEnvironmentVariable("FDSTORE", "1");
        using NotifyPeer peer = Listen(barriers: 1);
        using AgentStore store = Open();
        store.Adopt("f0", _file);
        store.Adopt("f0", _file);
        Assert.That(store.Capacity, Is.EqualTo(2));
        Refused.With(LiveUpdateError.NotSupported, () => store.Adopt("f1", _file));
        Refused.With(LiveUpdateError.NotSupported, () => store.Store("f1", _file));
        using SafeFileHandle other = new TestMemfd().Handle;
        store.Store("f1", other);
        Refused.With(LiveUpdateError.NoSpace, () => store.Store("f2", new TestMemfd().Handle));
        store.Remove("f0");
        store.Remove("unknown");
        Assert.That(peer.Drain()[^2..], Is.EqualTo(new[] { "FDSTOREREMOVE luod-f0 0", "FDSTOREREMOVE luod-unknown 0" }));
    }

    [Test]
    public void A_manager_that_does_not_answer_has_not_stored_it_and_is_told_to_forget_it()
    {
        using NotifyPeer peer = Listen(barriers: 0);
        using AgentStore store = Open();
        LiveUpdateException refusal = Refused.With(LiveUpdateError.TimedOut, () => store.Store("f0", _file));
        Assert.That(refusal.Message, Does.Contain("it has not answered the barrier"));
        Assert.That(peer.Drain(), Is.EqualTo(new[] { "FDSTOREREMOVE luod-f0 0", "FDSTORE luod-f0 unpolled 1", "FDSTOREREMOVE luod-f0 0" }));
        PreflightFinding finding = store.Check().Single();
        Assert.That((finding.Id, finding.Severity), Is.EqualTo(("notify-socket-silent", PreflightSeverity.Warning)));
    }

    [Test]
    public void Without_its_manager_an_agent_goes_on_and_says_so()
    {
        NotifyPeer peer = Listen(barriers: 1);
        using AgentStore store = Open();
        var log = new ListLogger(LogLevel.Error);
        store.Logger = log;
        store.Store("f0", _file);
        peer.Dispose();
        using SafeFileHandle other = new TestMemfd().Handle;
        store.Store("f1", other);
        store.Store("f2", other);
        store.Remove("f0");
        store.Stop();
        Assert.That((store.Keeps, log.Messages.Count), Is.EqualTo((false, 1)));
        Assert.That(store.Check().Single().Id, Is.EqualTo("agent-keeps-nothing"));
    }

    [Test]
    public void What_is_stored_is_taken_first_and_once()
    {
        using NotifyPeer peer = Listen(barriers: 0);
        using AgentStore store = AgentStore.ServiceManager(_options);
        Assert.Throws<InvalidOperationException>(() => store.Store("f0", _file));
        Assert.That(store.Take(), Is.Empty);
        Assert.Throws<InvalidOperationException>(() => store.Take());
        Assert.Throws<ArgumentException>(() => store.Store("a b", _file));
    }

    [Test]
    public void Without_its_variables_there_is_no_store()
    {
        Refused.With(LiveUpdateError.NotFound, () => AgentStore.ServiceManager());
        LiveUpdateException refusal = Refused.With(LiveUpdateError.NotFound, () => AgentStore.Keeper());
        Assert.That(refusal.Message, Does.Contain("$LIVEUPDATE_AGENT_KEEPER is not set"));
        Assert.That(AgentStore.Find(), Is.SameAs(AgentStore.None));
    }

    [Test]
    public void The_store_that_is_found_is_the_keeper_s_then_the_manager_s()
    {
        using NotifyPeer peer = Listen(barriers: 0);
        Environment.SetEnvironmentVariable("FDSTORE", "10");
        (SafeFileHandle ours, SafeFileHandle theirs) = SocketPair.CreateSequenced();
        Environment.SetEnvironmentVariable(KeeperNotice.Variable, KeeperNotice.ForChild((int)theirs.DangerousGetHandle(), theirs));
        using (ours)
        using (AgentStore keeper = AgentStore.Find())
            Assert.That(keeper.Connection!.DangerousGetHandle(), Is.EqualTo(theirs.DangerousGetHandle()));
        theirs.SetHandleAsInvalid();
        using (AgentStore manager = AgentStore.Find())
            Assert.That(manager, Is.InstanceOf<ServiceManagerStore>(), "The keeper's variable is taken.");
        Environment.SetEnvironmentVariable("FDSTORE", "0");
        Assert.That(AgentStore.Find(), Is.SameAs(AgentStore.None));
    }

    [TestCase("3")]
    [TestCase("v2:3:4")]
    [TestCase("v1:-3:4")]
    [TestCase("v1:3:x")]
    [TestCase("v1:3:4:5")]
    public void A_variable_that_no_keeper_sets_is_an_error_once(string value)
    {
        Environment.SetEnvironmentVariable(KeeperNotice.Variable, value);
        LiveUpdateException refusal = Refused.With(LiveUpdateError.Protocol, () => AgentStore.Keeper());
        Assert.That(refusal.Message, Does.Contain(value));
        Refused.With(LiveUpdateError.NotFound, () => AgentStore.Keeper());
    }

    [Test]
    public void A_variable_that_was_inherited_is_of_no_account()
    {
        (ulong _, ulong inode) = DescriptorInfo.Identify(_file);
        Environment.SetEnvironmentVariable(KeeperNotice.Variable, $"v1:{_file.DangerousGetHandle()}:{inode + 1}");
        Refused.With(LiveUpdateError.NotFound, () => AgentStore.Keeper());
        Environment.SetEnvironmentVariable(KeeperNotice.Variable, $"v1:{int.MaxValue}:{inode}");
        Refused.With(LiveUpdateError.NotFound, () => AgentStore.Keeper());
        Assert.That(DescriptorInfo.IsOpen(_file), "It is somebody else's.");
    }

    [Test]
    public void What_the_manager_says_becomes_findings_that_do_not_block()
    {
        var right = new ServiceState("luod.service", 10_000, 12, "main", Environment.ProcessId, "yes", "always", null, 524_288);
        Assert.That(Ids(right), Is.Empty);
        Assert.That(Ids(right with { Max = 20 }), Is.EqualTo(new[] { "Warning fdstore-too-small" }));
        Assert.That(Ids(right with { NotifyAccess = "none" }), Is.EqualTo(new[] { "Warning notify-access-none" }));
        Assert.That(Ids(right with { MainProcess = 1 }), Is.EqualTo(new[] { "Warning notify-not-main-process" }));
        Assert.That(Ids(right with { OpenFiles = 1024 }), Is.EqualTo(new[] { "Warning service-open-files" }));
        Assert.That(Ids(right with { Restart = "no", Preserve = "" }), Is.EqualTo(new[] { "Warning service-not-restarted" }));
        Assert.That(ServiceManagerStoreCheck.Examine(null, "why", 1).Single().ToString(), Does.StartWith("fdstore-unknown: ").And.Contain("why"));

        static string[] Ids(ServiceState state) =>
            [.. ServiceManagerStoreCheck.Examine(state, null, 3).Select(static finding => $"{finding.Severity} {finding.Id}")];
    }

    private NotifyPeer Listen(int barriers)
    {
        string address = Path.Combine(_folder, "notify");
        Environment.SetEnvironmentVariable("NOTIFY_SOCKET", address);
        return new NotifyPeer(address, barriers);
    }

    private AgentStore Open()
    {
        AgentStore store = AgentStore.ServiceManager(_options);
        store.Take();
        return store;
    }
}
