using System.Globalization;
using System.IO.Pipes;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Kho;
using LiveUpdate.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Tests.Handover;

/// <summary>An exec that fails leaves everything as it was, and this process is the proof: it is the one that goes on.</summary>
[Platform(Include = "Linux", Reason = "Only Linux replaces the image of a process with its descriptors kept.")]
[SupportedOSPlatform("linux")]
public sealed class ExecFailureTests
{
    private const int CloseOnExec = 0x80000;

    private readonly CallbackLog _log = new();
    private LiveUpdateOrchestrator _luo = null!;
    private LiveUpdateDevice _device = null!;
    private Session _session = null!;
    private AnonymousPipeServerStream _inheritable = null!;
    private AnonymousPipeServerStream _other = null!;
    private SafeFileHandle _private = null!;
    private string _folder = null!;

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
        _folder = Directory.CreateTempSubdirectory("exec-").FullName;
        _private = File.OpenHandle(Path.Combine(_folder, "private"), FileMode.Create, FileAccess.ReadWrite);
        _inheritable = new AnonymousPipeServerStream(PipeDirection.Out, HandleInheritability.Inheritable);
        _other = new AnonymousPipeServerStream(PipeDirection.Out, HandleInheritability.Inheritable);
        _session.Preserve(1, new TestFile(1));
        _session.Preserve(2, _private);
        _session.Preserve(3, _inheritable.ClientSafePipeHandle);
        _log.Take();
    }

    [TearDown]
    public void TearDown()
    {
        _session.Dispose();
        _device.Dispose();
        _luo.Dispose();
        _private.Dispose();
        _inheritable.Dispose();
        _other.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Test]
    public void A_file_that_is_no_program_is_refused_frozen_and_all_is_undone()
    {
        string path = MakeFile("garbage", "\u0001\u0002 no program", executable: true);
        string flags = Flags();
        Held held = Held.By(_luo.Engine);
        LiveUpdateException refusal = HandOverFails(LiveUpdateError.NotAProgram, new ExecOptions { Path = path });
        Assert.That(refusal.Message, Does.Contain(path).And.Contain("ENOEXEC"));
        Assert.That(_log.Take(), Is.EqualTo("frz1 unf1"));
        Assert.That(Flags(), Is.EqualTo(flags));
        Assert.That(flags, Is.EqualTo("memory True, private True, preserved False, other False"));
        Assert.That(Held.By(_luo.Engine), Is.EqualTo(held));
        _session.Preserve(4, new TestFile(4));
        Assert.That(_session.GetFiles(), Has.Count.EqualTo(4));
    }

    [Test]
    public void A_program_that_vanishes_within_the_pause_is_refused_and_all_is_undone()
    {
        string path = MakeFile("program", "#!/bin/true\n", executable: true);
        string flags = Flags();
        var target = new ExecTarget(new ExecOptions { Path = path }) { Executing = () => File.Delete(path) };
        Refused.With(LiveUpdateError.NotFound, () => _luo.HandOver(target));
        Assert.That(_log.Take(), Is.EqualTo("frz1 unf1"));
        Assert.That(Flags(), Is.EqualTo(flags));
    }

    [Test]
    public void The_file_of_the_diagnostics_port_is_put_back()
    {
        (string socket, string aside) = DiagnosticsSocket.GetPaths();
        Assume.That(File.Exists(socket), $"Diagnostics are off: there is no {socket}.");
        string path = MakeFile("garbage", "\u0001\u0002 no program", executable: true);
        bool wasAside = false;
        var target = new ExecTarget(new ExecOptions { Path = path })
        {
            Executing = () => wasAside = File.Exists(aside) && !File.Exists(socket),
        };
        Refused.With(LiveUpdateError.NotAProgram, () => _luo.HandOver(target));
        Assert.That(wasAside);
        Assert.That(File.Exists(socket));
        Assert.That(File.Exists(aside), Is.False);
    }

    [Test]
    public void What_cannot_be_executed_is_refused_before_anything_is_frozen()
    {
        string notExecutable = MakeFile("text", "text", executable: false);
        HandOverFails(LiveUpdateError.NotFound, new ExecOptions { Path = Path.Combine(_folder, "missing") });
        HandOverFails(LiveUpdateError.AccessDenied, new ExecOptions { Path = notExecutable });
        HandOverFails(LiveUpdateError.AccessDenied, new ExecOptions { Path = _folder });
        HandOverFails((LiveUpdateError)20, new ExecOptions { Path = Path.Combine(notExecutable, "below") });
        Assert.That(_log.Take(), Is.Empty);
    }

    [Test]
    public void A_circle_of_links_is_refused_before_anything_is_frozen()
    {
        string link = Path.Combine(_folder, "link");
        File.CreateSymbolicLink(link, link);
        HandOverFails((LiveUpdateError)40, new ExecOptions { Path = link });
        Assert.That(_log.Take(), Is.Empty);
    }

    [Test]
    public void A_NUL_in_an_argument_or_variable_is_misuse()
    {
        Assert.Throws<ArgumentException>(() => _luo.HandOver(HandoverTarget.Exec(new ExecOptions { Arguments = ["a\0b"] })));
        var variables = new Dictionary<string, string> { ["A"] = "a\0b" };
        Assert.Throws<ArgumentException>(() => _luo.HandOver(HandoverTarget.Exec(new ExecOptions { Environment = variables })));
        Assert.That(_log.Take(), Is.Empty);
    }

    [Test]
    public void Too_many_arguments_are_refused_by_the_kernel_and_all_is_undone()
    {
        string flags = Flags();
        HandOverFails(LiveUpdateError.TooBig, new ExecOptions { Path = "/bin/true", Arguments = [new string('a', 1 << 20)] });
        Assert.That(_log.Take(), Is.EqualTo("frz1 unf1"));
        Assert.That(Flags(), Is.EqualTo(flags));
    }

    [Test]
    public void What_the_callers_flush_throws_calls_it_off()
    {
        int calls = 0;
        HandoverTarget target = HandoverTarget.Exec(new ExecOptions { BeforeExec = Flush });
        for (int i = 1; i <= 2; i++)
        {
            Assert.Throws<InvalidDataException>(() => _luo.HandOver(target));
            Assert.That(calls, Is.EqualTo(i));
        }

        Assert.That(_log.Take(), Is.Empty);

        void Flush()
        {
            calls++;
            throw new InvalidDataException();
        }
    }

    [Test]
    public void A_refused_freeze_reaches_the_caller_and_the_target_can_be_used_again()
    {
        HandoverTarget target = HandoverTarget.Exec(new ExecOptions { Path = MakeFile("garbage", "\u0001\u0002", executable: true) });
        _log.Fail("frz1", LiveUpdateError.NoSpace);
        Refused.With(LiveUpdateError.NoSpace, () => _luo.HandOver(target));
        _log.Heal("frz1");
        Refused.With(LiveUpdateError.NotAProgram, () => _luo.HandOver(target));
    }

    [Test]
    public void A_target_that_is_in_use_is_misuse()
    {
        using LiveUpdateOrchestrator other = LiveUpdateOrchestrator.Boot(new LiveUpdateOptions { MemorySize = 1 << 20 });
        Exception? seen = null;
        HandoverTarget target = null!;
        target = new ExecTarget(new ExecOptions { Path = MakeFile("garbage", "\u0001\u0002", executable: true) })
        {
            Executing = () => seen = Assert.Catch(() => other.HandOver(target)),
        };
        Refused.With(LiveUpdateError.NotAProgram, () => _luo.HandOver(target));
        Assert.That(seen, Is.TypeOf<InvalidOperationException>());
    }

    [Test]
    public void Memory_of_this_process_alone_is_refused()
    {
        using KhoMemory memory = KhoMemory.Allocate(1 << 20);
        using LiveUpdateOrchestrator luo = LiveUpdateOrchestrator.Boot(new LiveUpdateOptions { Memory = memory });
        LiveUpdateException refusal = Refused.With(LiveUpdateError.NotSupported, () => luo.HandOver(HandoverTarget.Exec()));
        Assert.That(refusal.Message, Does.Contain(nameof(KhoMemory.CreateShared)));
    }

    [Test]
    public void A_descriptor_that_was_closed_behind_its_handle_is_refused()
    {
        SafeFileHandle victim = File.OpenHandle(Path.Combine(_folder, "victim"), FileMode.Create, FileAccess.Write);
        _session.Preserve(5, victim);
        int number = (int)victim.DangerousGetHandle();
        new SafeFileHandle(number, ownsHandle: true).Dispose();
        try
        {
            LiveUpdateException refusal = HandOverFails(
                LiveUpdateError.BadDescriptor, new ExecOptions { Path = MakeFile("garbage", "\u0001\u0002", executable: true) });
            Assert.That(refusal.Message, Does.Contain(string.Create(CultureInfo.InvariantCulture, $"Descriptor {number}")));
            Assert.That(_log.Take(), Is.Empty);
        }
        finally
        {
            victim.SetHandleAsInvalid();
        }
    }

    private LiveUpdateException HandOverFails(LiveUpdateError error, ExecOptions options) =>
        Refused.With(error, () => _luo.HandOver(HandoverTarget.Exec(options)));

    private string MakeFile(string name, string text, bool executable)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | (executable ? UnixFileMode.UserExecute : 0));
        return path;
    }

    private string Flags() =>
        $"memory {IsClosedOnExec(_luo.Memory.Memory.SharedFile!)}, private {IsClosedOnExec(_private)}, " +
        $"preserved {IsClosedOnExec(_inheritable.ClientSafePipeHandle)}, other {IsClosedOnExec(_other.ClientSafePipeHandle)}";

    private static bool IsClosedOnExec(SafeHandle handle)
    {
        string flags = File.ReadLines($"/proc/self/fdinfo/{handle.DangerousGetHandle()}")
            .First(static line => line.StartsWith("flags:", StringComparison.Ordinal));
        return (Convert.ToInt32(flags[6..].Trim(), 8) & CloseOnExec) != 0;
    }
}
