using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Interop;
using LiveUpdate.Kho;
using LiveUpdate.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Tests.Handover;

/// <summary>A hand-over that fails leaves everything as it was, and this process is the proof: it is the one that goes on.</summary>
[Platform(Include = "Linux", Reason = "Only Linux passes descriptors and pidfds.")]
[SupportedOSPlatform("linux")]
[NonParallelizable]
public sealed partial class SuccessorFailureTests
{
    private readonly CallbackLog _log = new();
    private LiveUpdateOrchestrator _luo = null!;
    private LiveUpdateDevice _device = null!;
    private Session _session = null!;
    private SafeFileHandle _file = null!;
    private Held _held = null!;
    private int _sockets;
    private int[] _children = null!;

    [SetUp]
    public void SetUp()
    {
        _luo = LiveUpdateOrchestrator.Boot(new LiveUpdateOptions
        {
            MemorySize = 1 << 20,
            Handlers = { new RecordingHandler(_log), new DescriptorHandler() },
        });
        _device = _luo.OpenDevice();
        _session = _device.CreateSession("session");
        _file = Libc.Eventfd(7, Libc.EFD_CLOEXEC);
        _session.Preserve(2, _file);
        _log.Take();
        _held = Held.By(_luo.Engine);
        _sockets = OpenDescriptors.Count("socket:") + OpenDescriptors.Count("anon_inode:[pidfd]") + OpenDescriptors.Count("anon_inode:[eventfd]");
        _children = OpenDescriptors.Children();
    }

    [TearDown]
    public void TearDown()
    {
        Assert.That(Held.By(_luo.Engine), Is.EqualTo(_held));
        Assert.That(OpenDescriptors.Children(), Is.EqualTo(_children));
        Assert.That(
            OpenDescriptors.Count("socket:") + OpenDescriptors.Count("anon_inode:[pidfd]") + OpenDescriptors.Count("anon_inode:[eventfd]"),
            Is.EqualTo(_sockets));
        Assert.That(_session.GetFiles(), Has.Count.EqualTo(1));
        _session.Dispose();
        _device.Dispose();
        _luo.Dispose();
        _file.Dispose();
    }

    [TestCase("garbage", LiveUpdateError.Protocol)]
    [TestCase("newer-version", LiveUpdateError.NotSupported)]
    [TestCase("half-header", LiveUpdateError.TimedOut)]
    [TestCase("half-message", LiveUpdateError.TimedOut)]
    [TestCase("silent", LiveUpdateError.TimedOut)]
    [TestCase("too-long", LiveUpdateError.Protocol)]
    [TestCase("phantom-descriptors", LiveUpdateError.Protocol)]
    [TestCase("bad-hello", LiveUpdateError.Protocol)]
    [TestCase("other-format", LiveUpdateError.NotSupported)]
    [TestCase("other-message", LiveUpdateError.Protocol)]
    [TestCase("early-close", LiveUpdateError.BrokenPipe)]
    [TestCase("close-after-hello", LiveUpdateError.BrokenPipe)]
    [TestCase("hello-twice", LiveUpdateError.Protocol)]
    [TestCase("verified-early", LiveUpdateError.Protocol)]
    [TestCase("hello-only", LiveUpdateError.TimedOut)]
    [TestCase("exit", LiveUpdateError.BrokenPipe)]
    public void A_successor_that_breaks_the_protocol_is_ended(string how, LiveUpdateError error)
    {
        bool waits = error == LiveUpdateError.TimedOut;
        LiveUpdateException refusal = HandOverFails(error, new SuccessorOptions
        {
            Path = HostFamily.Dotnet,
            Arguments = [HostFamily.Library, "bad-successor", how],
            StartTimeout = TimeSpan.FromSeconds(waits && how != "hello-only" ? 3 : 60),
            TransferTimeout = TimeSpan.FromSeconds(waits ? 1 : 60),
        });
        if (how == "exit")
            Assert.That(refusal.Message, Does.Contain("exit code 3"));
        Assert.That(_log.Take(), Is.Empty);
    }

    [Test]
    public void A_program_that_cannot_be_started_is_refused()
    {
        HandOverFails(LiveUpdateError.NotFound, new SuccessorOptions { Path = "/nowhere" });
        HandOverFails(LiveUpdateError.AccessDenied, new SuccessorOptions { Path = "/etc/passwd" });
    }

    [Test]
    public void A_program_that_ends_at_once_is_refused() => HandOverFails(LiveUpdateError.BrokenPipe, new SuccessorOptions { Path = "/bin/true", Arguments = [] });

    [Test]
    public void Memory_of_this_process_alone_is_refused()
    {
        using KhoMemory memory = KhoMemory.Allocate(1 << 20);
        using LiveUpdateOrchestrator luo = LiveUpdateOrchestrator.Boot(new LiveUpdateOptions { Memory = memory });
        Refused.With(LiveUpdateError.NotSupported, () => luo.HandOver(HandoverTarget.Successor()));
    }

    [Test]
    public void A_cancelled_hand_over_ends_the_successor()
    {
        using var cancellation = new CancellationTokenSource();
        var target = new SuccessorTarget(Silent())
        {
            Reached = phase =>
            {
                if (phase == SuccessorPhase.Connected)
                    cancellation.Cancel();
            },
        };
        Assert.That(() => _luo.HandOver(target, cancellation.Token), Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public void Two_updates_at_once_are_refused()
    {
        LiveUpdateException? second = null;
        using var cancellation = new CancellationTokenSource();
        var target = new SuccessorTarget(Silent())
        {
            Reached = phase =>
            {
                if (phase != SuccessorPhase.Connected)
                    return;
                second = Refused.With(LiveUpdateError.Busy, () => _luo.HandOver(HandoverTarget.Successor()));
                cancellation.Cancel();
            },
        };
        Assert.That(() => _luo.HandOver(target, cancellation.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(second, Is.Not.Null);
    }

    [Test]
    public void Options_that_contradict_each_other_are_misuse()
    {
        Assert.That(() => HandoverTarget.Successor(new SuccessorOptions { ListenPath = "/tmp/x" }), Throws.ArgumentException);
        Assert.That(() => HandoverTarget.Successor(new SuccessorOptions { ListenPath = "/tmp/x", Secret = "s", Path = "/bin/true" }), Throws.ArgumentException);
    }

    [Test]
    public void Whoever_connects_without_the_right_is_turned_away_and_the_wait_goes_on()
    {
        string folder = Directory.CreateTempSubdirectory("adopt-").FullName;
        string path = Path.Combine(folder, "socket");
        try
        {
            var target = new SuccessorTarget(new SuccessorOptions { ListenPath = path, Secret = "s", StartTimeout = TimeSpan.FromSeconds(2) })
            {
                Reached = phase => Connect(path),
            };
            var refusal = Refused.With(LiveUpdateError.TimedOut, () => _luo.HandOver(target));
            Assert.That(refusal.InnerException!.Message, Does.Contain("its own successor"));
            Assert.That(File.Exists(path), Is.False);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Test]
    public void The_socket_is_for_its_owner_alone()
    {
        string folder = Directory.CreateTempSubdirectory("adopt-").FullName;
        string path = Path.Combine(folder, "socket");
        UnixFileMode? mode = null;
        try
        {
            var target = new SuccessorTarget(new SuccessorOptions { ListenPath = path, Secret = "s", StartTimeout = TimeSpan.FromMilliseconds(10) })
            {
                Reached = phase => mode ??= File.GetUnixFileMode(path),
            };
            Refused.With(LiveUpdateError.TimedOut, () => _luo.HandOver(target));
            Assert.That(mode, Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // A process that waits for a child which somebody else has reaped waits for ever.
    [Test]
    public void A_child_of_the_program_that_was_adopted_and_killed_is_the_programs_to_reap()
    {
        string folder = Directory.CreateTempSubdirectory("adopt-").FullName;
        string path = Path.Combine(folder, "socket");
        try
        {
            using Process child = Process.Start(HostFamily.Dotnet, [HostFamily.Library, "call-faulted", "adopt", "0", "errno", path]);
            var target = new SuccessorTarget(new SuccessorOptions { ListenPath = path, Secret = "a secret", StartTimeout = TimeSpan.FromSeconds(60) })
            {
                Reached = static phase =>
                {
                    if (phase == SuccessorPhase.Synchronized)
                        throw new TimeoutException();
                },
            };
            Assert.That(() => _luo.HandOver(target), Throws.TypeOf<TimeoutException>());
            Assert.That(child.WaitForExit(TimeSpan.FromMinutes(1)), Is.True);
            Assert.That(child.ExitCode, Is.EqualTo(128 + Libc.SIGKILL));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Test]
    public void Another_user_is_turned_away()
    {
        if (Libc.Geteuid() != 0)
            Skip.Because("Only root can connect as another user.");
        string folder = Directory.CreateTempSubdirectory("adopt-").FullName;
        File.SetUnixFileMode(folder, (UnixFileMode)0x1ff);
        string path = Path.Combine(folder, "socket");
        try
        {
            var target = new SuccessorTarget(new SuccessorOptions { ListenPath = path, Secret = "s", StartTimeout = TimeSpan.FromSeconds(2) })
            {
                Reached = phase =>
                {
                    File.SetUnixFileMode(path, (UnixFileMode)0x1ff);
                    var stranger = new Thread(() =>
                    {
                        ChangeUser(UserOfThread, -1, 65534, -1);
                        Connect(path);
                    });
                    stranger.Start();
                    stranger.Join();
                },
            };
            var refusal = Refused.With(LiveUpdateError.TimedOut, () => _luo.HandOver(target));
            Assert.That(refusal.InnerException!.Message, Does.Contain("runs as user 65534"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static long UserOfThread => RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.X64 ? 117 : 147;

    // Of the calling thread alone, unlike the C library's function.
    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial long ChangeUser(long number, long real, long effective, long saved);

    private static void Connect(string path)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(path));
    }

    private static SuccessorOptions Silent() => new() { Path = "/bin/sleep", Arguments = ["1000"] };

    private LiveUpdateException HandOverFails(LiveUpdateError error, SuccessorOptions options) =>
        Refused.With(error, () => _luo.HandOver(HandoverTarget.Successor(options)));
}
