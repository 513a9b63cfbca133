using System.Net.Sockets;
using System.Runtime.Versioning;
using LiveUpdate.Interop;
using LiveUpdate.Kho;
using LiveUpdate.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Tests.Handover;

/// <summary>A hand-over to a manager that is not there, or hangs: this process is the proof that everything is as before.</summary>
[Platform(Include = "Linux", Reason = "Only Linux has systemd.")]
[SupportedOSPlatform("linux")]
[NonParallelizable]
public sealed class ServiceManagerFailureTests
{
    private const string Memory = "liveupdate-core.memory";

    private readonly CallbackLog _log = new();
    private readonly List<IDisposable> _owned = [];
    private LiveUpdateOrchestrator _luo = null!;
    private LiveUpdateDevice _device = null!;
    private Session _session = null!;
    private SafeFileHandle _file = null!;
    private ListLogger _logger = null!;
    private string? _address;
    private string _folder = null!;
    private TimeSpan _storeTimeout;
    private Held _held = null!;

    [SetUp]
    public void SetUp()
    {
        _storeTimeout = TimeSpan.FromSeconds(1);
        _address = Environment.GetEnvironmentVariable("NOTIFY_SOCKET");
        _folder = Directory.CreateTempSubdirectory("notify-").FullName;
        _logger = new ListLogger(Microsoft.Extensions.Logging.LogLevel.Warning);
        _luo = LiveUpdateOrchestrator.Boot(new LiveUpdateOptions
        {
            MemorySize = 1 << 20,
            Logger = _logger,
            Handlers = { new RecordingHandler(_log), new DescriptorHandler() },
        });
        _device = _luo.OpenDevice();
        _session = _device.CreateSession("session");
        _file = Libc.Eventfd(7, Libc.EFD_CLOEXEC);
        _session.Preserve(1, new TestFile(1));
        _session.Preserve(2, _file);
        _log.Take();
        _held = Held.By(_luo.Engine);
    }

    [TearDown]
    public void TearDown()
    {
        Assert.That(Held.By(_luo.Engine), Is.EqualTo(_held));
        Assert.That(BootRecord.IsWritten(_luo.Engine.Memory.Memory), Is.False);
        _session.Preserve(99, new TestFile(99));
        _session.Dispose();
        _device.Dispose();
        _luo.Dispose();
        _file.Dispose();
        _owned.ForEach(static owned => owned.Dispose());
        _owned.Clear();
        Directory.Delete(_folder, recursive: true);
        Environment.SetEnvironmentVariable("NOTIFY_SOCKET", _address);
    }

    [Test]
    public void Without_a_notification_socket_it_is_refused()
    {
        Environment.SetEnvironmentVariable("NOTIFY_SOCKET", null);
        IsRefusedUnfrozen(LiveUpdateError.NotFound, "notify-socket-missing: $NOTIFY_SOCKET is not set.");
    }

    [TestCase("relative")]
    [TestCase("@")]
    [TestCase("vsock:2:1234")]
    public void An_address_of_no_Unix_socket_is_refused(string address)
    {
        Environment.SetEnvironmentVariable("NOTIFY_SOCKET", address);
        IsRefusedUnfrozen(LiveUpdateError.InvalidArgument, $"notify-socket-unreachable: $NOTIFY_SOCKET is \"{address}\"");
    }

    [Test]
    public void A_path_that_is_too_long_is_refused()
    {
        Environment.SetEnvironmentVariable("NOTIFY_SOCKET", "/" + new string('a', 200));
        IsRefusedUnfrozen(LiveUpdateError.InvalidArgument, "notify-socket-unreachable: ");
    }

    [Test]
    public void A_path_without_a_socket_is_refused()
    {
        Environment.SetEnvironmentVariable("NOTIFY_SOCKET", Path.Combine(_folder, "nothing"));
        IsRefusedUnfrozen(LiveUpdateError.NotFound, "notify-socket-unreachable: ");
    }

    [Test]
    public void A_socket_at_which_nobody_listens_is_refused()
    {
        // The base library removes the file of a socket that it bound; a process that was killed leaves it.
        string path = Path.Combine(_folder, "socket");
        using (var gone = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified))
        {
            gone.Bind(new UnixDomainSocketEndPoint(path + ".bound"));
            File.Move(path + ".bound", path);
        }

        Environment.SetEnvironmentVariable("NOTIFY_SOCKET", path);
        IsRefusedUnfrozen((LiveUpdateError)111, "notify-socket-unreachable: The service manager cannot be reached at /");
    }

    [Test]
    public void A_socket_of_another_type_is_refused()
    {
        string path = Path.Combine(_folder, "socket");
        using var stream = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        stream.Bind(new UnixDomainSocketEndPoint(path));
        Environment.SetEnvironmentVariable("NOTIFY_SOCKET", path);
        IsRefusedUnfrozen((LiveUpdateError)91, "notify-socket-unreachable: ");
    }

    [TestCase("/socket")]
    [TestCase("@liveupdate-test")]
    public void A_barrier_that_nobody_answers_is_refused(string address)
    {
        NotifyPeer peer = Listen(0, address);
        IsRefusedUnfrozen(LiveUpdateError.TimedOut, "notify-socket-silent: The service manager did not answer in time");
        Assert.That(_luo.Preflight(Target()).Select(static finding => finding.Id), Is.EqualTo(new[] { "notify-socket-silent" }));
        Assert.That(peer.Drain(), Has.None.StartsWith("FDSTORE "));
    }

    [Test]
    public void What_was_stored_is_taken_out_the_memory_first_when_the_manager_falls_silent()
    {
        NotifyPeer peer = Listen(1);
        IsRefusedUnfrozen(LiveUpdateError.TimedOut, "The service manager did not answer in time: it has not answered the barrier.");
        string file = StoreName.Of((int)_file.DangerousGetHandle());
        Assert.That(peer.Drain()[^4..], Is.EqualTo(new[]
        {
            $"FDSTORE {file} unpolled 1", $"FDSTORE {Memory} unpolled 1", $"FDSTOREREMOVE {Memory} 0", $"FDSTOREREMOVE {file} 0",
        }));
        Assert.That(_logger.Messages[^1], Does.StartWith("2 names could not be taken out of the service manager's store"));
    }

    [Test]
    public void A_manager_that_falls_silent_within_the_pause_calls_it_off_and_everything_is_unfrozen()
    {
        NotifyPeer peer = Listen(2);
        LiveUpdateException refusal = Refused.With(LiveUpdateError.TimedOut, () => HandOver());
        Assert.That(refusal.Message, Does.StartWith("The service manager did not answer in time: it has not answered the barrier."));
        Assert.That(_log.Take(), Is.EqualTo("frz1 unf1"));
        Assert.That(peer.Drain()[^2], Is.EqualTo($"FDSTOREREMOVE {Memory} 0"));
    }

    [Test]
    public void A_manager_that_goes_away_within_the_pause_has_not_answered()
    {
        NotifyPeer peer = Listen(2);
        LiveUpdateException refusal = Refused.With((LiveUpdateError)111, () => HandOver(phase =>
        {
            // Sent into a queue that nobody will read, the barrier's descriptor is let go all the same.
            if (phase == ServiceManagerPhase.Frozen)
                _ = Task.Run(async () =>
                {
                    await Task.Delay(200);
                    peer.Close();
                });
        }));
        Assert.That(refusal.Message, Does.StartWith("The service manager has closed its socket."));
        Assert.That(_log.Take(), Is.EqualTo("frz1 unf1"));
    }

    [Test]
    public void What_an_earlier_hand_over_may_have_left_is_removed_before_anything_is_stored()
    {
        using (Listen(1))
            Refused.With(LiveUpdateError.TimedOut, () => HandOver());
        string file = StoreName.Of((int)_file.DangerousGetHandle());
        Assert.That(StoreLedger.Unwanted, Is.SupersetOf(new[] { Memory, file }));

        NotifyPeer peer = Listen(2, "/second");
        Refused.With(LiveUpdateError.TimedOut, () => HandOver());
        string[] messages = peer.Drain();
        int stored = Array.IndexOf(messages, $"FDSTORE {file} unpolled 1");
        Assert.That(messages[..stored], Is.SupersetOf(new[] { $"FDSTOREREMOVE {Memory} 0", $"FDSTOREREMOVE {file} 0" }));
        Assert.That(messages[..stored], Has.All.StartsWith("FDSTOREREMOVE "));
    }

    [TestCase(nameof(ServiceManagerPhase.Connected), 1, "")]
    [TestCase(nameof(ServiceManagerPhase.Memory), 1, "")]
    [TestCase(nameof(ServiceManagerPhase.Frozen), 2, "frz1 unf1")]
    public void Cancellation_counts_until_the_commit(string at, int barriers, string trace)
    {
        Listen(barriers);
        using var cancellation = new CancellationTokenSource();
        Assert.That(
            () => HandOver(
                phase =>
                {
                    if (phase.ToString() == at)
                        cancellation.Cancel();
                },
                cancellation.Token),
            Throws.InstanceOf<OperationCanceledException>());
        Assert.That(_log.Take(), Is.EqualTo(trace));
    }

    [Test]
    public void What_is_preserved_and_unpreserved_meanwhile_goes_into_the_store_and_out_of_it()
    {
        // Connected; settled; two that are unpreserved; settled again before the freeze; not the last one.
        NotifyPeer peer = Listen(5);
        using SafeFileHandle late = Libc.Eventfd(8, Libc.EFD_CLOEXEC);
        Refused.With(LiveUpdateError.TimedOut, () => HandOver(phase =>
        {
            if (phase != ServiceManagerPhase.Settled)
                return;
            _session.Preserve(3, late);
            _session.Dispose();
            _session = _device.CreateSession("another");
            _session.Preserve(2, late);
        }));
        string file = StoreName.Of((int)_file.DangerousGetHandle());
        string other = StoreName.Of((int)late.DangerousGetHandle());
        string[] messages = peer.Drain();
        Assert.That(messages, Is.SupersetOf(new[] { $"FDSTOREREMOVE {file} 0", $"FDSTORE {other} unpolled 1" }));
        _session.Preserve(1, new TestFile(1));
    }

    [Test]
    public void One_open_file_under_two_numbers_is_refused()
    {
        Listen(2);
        using SafeFileHandle duplicate = DescriptorInfo.Duplicate(_file);
        int slot = _luo.Descriptors.Add(duplicate);
        IsRefusedUnfrozen(LiveUpdateError.NotSupported, "Descriptors ");
        _luo.Descriptors.Remove(slot);
    }

    [Test]
    public void One_number_in_two_slots_is_stored_once()
    {
        NotifyPeer peer = Listen(2);
        int slot = _luo.Descriptors.Add(_file);
        Refused.With(LiveUpdateError.TimedOut, () => HandOver());
        Assert.That(peer.Drain().Count(static message => message.StartsWith("FDSTORE ", StringComparison.Ordinal)), Is.EqualTo(2));
        _luo.Descriptors.Remove(slot);
    }

    [Test]
    public void Too_many_names_for_one_variable_are_refused()
    {
        Listen(2);
        _storeTimeout = TimeSpan.FromMinutes(2);
        using LiveUpdateOrchestrator luo = LiveUpdateOrchestrator.Boot(new LiveUpdateOptions { MemorySize = 1 << 20 });
        SafeFileHandle[] many = [.. Enumerable.Range(0, 6_000).Select(_ => DescriptorInfo.Duplicate(_file))];
        Array.ForEach(many, descriptor => luo.Descriptors.Add(descriptor));
        LiveUpdateException refusal = Refused.With(LiveUpdateError.TooBig, () => luo.HandOver(Target()));
        Assert.That(refusal.Message, Does.StartWith("fdstore-names-too-long: The names of 6000 descriptors take "));
        luo.Dispose();
        Array.ForEach(many, static descriptor => descriptor.Dispose());
    }

    [Test]
    public void Another_hand_over_of_the_process_is_refused_meanwhile()
    {
        Listen(2);
        using LiveUpdateOrchestrator other = LiveUpdateOrchestrator.Boot(new LiveUpdateOptions { MemorySize = 1 << 20 });
        LiveUpdateException? second = null;
        Refused.With(LiveUpdateError.TimedOut, () => HandOver(phase =>
        {
            if (phase == ServiceManagerPhase.Settled)
                second = Refused.With(LiveUpdateError.Busy, () => other.HandOver(Target()));
        }));
        Assert.That(second, Is.Not.Null);
        _log.Take();
    }

    [Test]
    public void What_was_brought_to_rest_resumes_when_the_hand_over_is_called_off()
    {
        Listen(2);
        var calls = new List<string>();
        var target = new ServiceManagerTarget(new ServiceManagerOptions
        {
            StoreTimeout = _storeTimeout,
            CommitTimeout = _storeTimeout,
            Systemctl = "/bin/false",
            Quiesce = _ => calls.Add($"quiesce, sessions {_session.GetFiles().Count}"),
            Resume = () => calls.Add($"resume after {_log.Take()}, sessions {_session.GetFiles().Count}"),
        });
        Refused.With(LiveUpdateError.TimedOut, () => _luo.HandOver(target));
        Assert.That(calls, Is.EqualTo(new[] { "quiesce, sessions 2", "resume after frz1 unf1, sessions 2" }));
    }

    [Test]
    public void Options_that_contradict_each_other_are_misuse() =>
        Assert.That(() => HandoverTarget.ServiceManager(new ServiceManagerOptions { Resume = static () => { } }), Throws.ArgumentException);

    [Test]
    public void Memory_of_this_process_alone_is_refused()
    {
        using KhoMemory memory = KhoMemory.Allocate(1 << 20);
        using LiveUpdateOrchestrator luo = LiveUpdateOrchestrator.Boot(new LiveUpdateOptions { Memory = memory });
        LiveUpdateException refusal = Refused.With(LiveUpdateError.NotSupported, () => luo.HandOver(Target()));
        Assert.That(refusal.Message, Does.StartWith("memory-not-shared: "));
    }

    [Test]
    public void A_number_of_the_store_without_a_count_goes_to_the_log()
    {
        Listen(2);
        Environment.SetEnvironmentVariable("FDSTORE", "100");
        try
        {
            PreflightFinding finding = _luo.Preflight(Target()).Single();
            Assert.That(finding.Severity, Is.EqualTo(PreflightSeverity.Unknown));
            Assert.That(finding.Message, Does.Contain("of the 100 that it may"));
            Environment.SetEnvironmentVariable("FDSTORE", "1");
            finding = _luo.Preflight(Target()).Single();
            Assert.That(finding.Severity, Is.EqualTo(PreflightSeverity.Blocking));
            Assert.That(finding.ToString(), Does.StartWith("fdstore-too-small: This update needs room for 2 descriptors").And.Contain("for 1."));
        }
        finally
        {
            Environment.SetEnvironmentVariable("FDSTORE", null);
        }
    }

    private ServiceManagerOptions Options() => new()
    {
        StoreTimeout = _storeTimeout,
        CommitTimeout = TimeSpan.FromSeconds(1),
        // Whatever service the tests run in, it is not asked.
        Systemctl = "/bin/false",
    };

    private ServiceManagerTarget Target(Action<ServiceManagerPhase>? reached = null) => new(Options()) { Reached = reached };

    private NotifyPeer Listen(int barriers, string address = "/socket")
    {
        address = address[0] == '/' ? _folder + address : $"{address}-{Environment.ProcessId}";
        Environment.SetEnvironmentVariable("NOTIFY_SOCKET", address);
        var peer = new NotifyPeer(address, barriers);
        _owned.Add(peer);
        return peer;
    }

    private void HandOver(Action<ServiceManagerPhase>? reached = null, CancellationToken cancellationToken = default) =>
        _luo.HandOver(Target(reached), cancellationToken);

    private void IsRefusedUnfrozen(LiveUpdateError error, string message)
    {
        LiveUpdateException refusal = Refused.With(error, () => HandOver());
        Assert.That(refusal.Message, Does.StartWith(message));
        Assert.That(_log.Take(), Is.Empty);
    }
}
