using System.Runtime.Versioning;
using LiveUpdate.Interop;
using LiveUpdate.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Tests.Handover;

/// <summary>
/// This process hands over to real processes that do not take over: afterwards it has what it had, nothing is left open and nobody is left
/// running. A test that does hand over says so with <see cref="AssertTookOver"/> or <see cref="IsOver"/>.
/// </summary>
[SupportedOSPlatform("linux")]
public abstract class WarmSuccessorFixture
{
    private protected const string Frozen = "frz1 frz2 frz4 frz5";
    private protected const string Unfrozen = "unf4 unf5 unf1 unf2";
    private protected const string Everything = "took over first(0x1 0x2 0x3) second(0x4 0x5)";

    private static readonly string[] s_kinds = ["socket:", "anon_inode:[pidfd]", "anon_inode:[eventfd]", "/memfd:"];

    private LiveUpdateDevice _device = null!;
    private SafeFileHandle _file = null!;
    private Session[] _sessions = null!;
    private Held _held = null!;
    private int[] _children = null!;
    private int _descriptors;
    private string _report = null!;

    private protected LiveUpdateOrchestrator Luo { get; private set; } = null!;

    private protected CallbackLog Log { get; private set; } = null!;

    /// <summary>Whether this generation was handed over, so that it has nothing any more.</summary>
    private protected bool IsOver { get; set; }

    [SetUp]
    public void SetUp()
    {
        IsOver = false;
        _report = Path.GetTempFileName();
        Log = new CallbackLog();
        Luo = LiveUpdateOrchestrator.Boot(new LiveUpdateOptions
        {
            MemorySize = 1 << 20,
            Handlers = { new RecordingHandler(Log), new DescriptorHandler() },
        });
        _device = Luo.OpenDevice();
        _file = Libc.Eventfd(7, Libc.EFD_CLOEXEC);
        _sessions = [_device.CreateSession("first"), _device.CreateSession("second")];
        Generation.Preserve(_sessions[0], 1, 2);
        _sessions[0].Preserve(3, _file);
        Generation.Preserve(_sessions[1], 4, 5);
        Log.Take();
        _held = Held.By(Luo.Engine);
        _descriptors = s_kinds.Sum(OpenDescriptors.Count);
        _children = OpenDescriptors.Children();
    }

    [TearDown]
    public void TearDown()
    {
        File.Delete(_report);
        if (!IsOver)
        {
            Assert.That(Held.By(Luo.Engine), Is.EqualTo(_held));
            Assert.That(OpenDescriptors.Children(), Is.EqualTo(_children));
            Assert.That(s_kinds.Sum(OpenDescriptors.Count), Is.EqualTo(_descriptors));
            Assert.That(_sessions.Select(static session => session.GetFiles().Count), Is.EqualTo(new[] { 3, 2 }));
        }

        foreach (Session session in _sessions)
            session.Dispose();
        _device.Dispose();
        Luo.Dispose();
        _file.Dispose();
    }

    /// <summary>An ordinary successor, or one that does as <c>peer</c> of the test host says.</summary>
    private protected SuccessorOptions Peer(string what = "-") => Host(TimeSpan.FromSeconds(60), "peer", _report, what);

    /// <summary>A process of the test host.</summary>
    private protected static SuccessorOptions Host(TimeSpan timeout, params string[] arguments) => new()
    {
        Path = HostFamily.Dotnet,
        Arguments = [HostFamily.Library, .. arguments],
        StartTimeout = TimeSpan.FromSeconds(60),
        TransferTimeout = timeout,
        VerifyTimeout = timeout,
    };

    /// <summary>A session that is not there before the hand-over and is gone after it.</summary>
    private protected Session CreateSession(string name) => _device.CreateSession(name);

    /// <summary>What the successor has written, once it has ended by itself.</summary>
    private protected string ReadReport()
    {
        foreach (int child in OpenDescriptors.Children().Except(_children))
        {
            using ProcessHandle process = ProcessHandle.OpenChild(child);
            process.WaitForEnd();
            process.Reap();
        }

        return File.ReadAllText(_report);
    }

    /// <summary>Hands over to an ordinary successor, which gets everything.</summary>
    private protected void AssertTookOver(SuccessorTarget? target = null, CancellationToken cancellationToken = default)
    {
        Luo.HandOver(target ?? HandoverTarget.Successor(Peer()), cancellationToken);
        IsOver = true;
        Assert.That(ReadReport(), Is.EqualTo(Everything));
    }
}
