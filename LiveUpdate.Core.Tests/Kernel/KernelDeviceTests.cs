using System.Runtime.Versioning;
using LiveUpdate.Interop;
using LiveUpdate.Machine.Contract;
using LiveUpdate.Samples.ScenarioRunner;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Tests.Kernel;

/// <summary>The client of the real device where there is none; what it does where there is one, eng/kernel/run shows.</summary>
[Platform("Linux", Reason = "The device is Linux's.")]
[SupportedOSPlatform("linux")]
internal sealed class KernelDeviceTests
{
    [Test]
    public void An_absent_device_says_what_to_switch_on()
    {
        var refusal = Assert.Throws<LiveUpdateException>(() => KernelDevice.Open("/dev/no-such-device"));
        Assert.Multiple(() =>
        {
            Assert.That(refusal!.Error, Is.EqualTo(LiveUpdateError.NoDevice));
            Assert.That(refusal.Operation, Is.EqualTo("open device"));
            Assert.That(refusal.Message, Does.Contain("liveupdate=on").And.Contain("CONFIG_LIVEUPDATE").And.Contain("/dev/no-such-device"));
        });
    }

    [TestCase("/dev/null")]
    [TestCase("/dev/zero")]
    public void Another_device_is_told_apart_by_its_answers(string path) =>
        Assert.That(
            () => KernelDevice.Open(path),
            Throws.TypeOf<LiveUpdateException>().With.Property("Error").EqualTo(LiveUpdateError.NoDevice).And.Message.Contains(path));

    [Test]
    public void A_path_is_needed() => Assert.That(() => KernelDevice.Open(""), Throws.TypeOf<ArgumentException>());

    [Test]
    public void Another_file_is_neither_device_nor_session_and_stays_its_owners()
    {
        using SafeFileHandle file = Memfd.Create("neither");
        Assert.Multiple(() =>
        {
            Assert.That(() => KernelDevice.FromDescriptor(file), Throws.TypeOf<LiveUpdateException>().With.Property("Error").EqualTo(LiveUpdateError.NoDevice));
            Assert.That(
                () => KernelDevice.FromSessionDescriptor(file),
                Throws.TypeOf<LiveUpdateException>().With.Property("Error").EqualTo(LiveUpdateError.InvalidArgument));
            Assert.That(Memfd.Read(file), Is.EqualTo("neither"));
        });
        file.Dispose();
        Assert.That(
            () => KernelDevice.FromSessionDescriptor(file), Throws.TypeOf<LiveUpdateException>().With.Property("Error").EqualTo(LiveUpdateError.BadDescriptor));
    }

    [Test]
    public void A_memfd_with_the_seal_against_execution_would_come_back_changed()
    {
        using SafeFileHandle plain = Memfd.Create("plain"), noExec = Memfd.Create("noexec", Libc.MFD_CLOEXEC | Libc.MFD_NOEXEC_SEAL);
        using SafeFileHandle executable = Memfd.Create("exec", Libc.MFD_CLOEXEC | Libc.MFD_ALLOW_SEALING | Libc.MFD_EXEC);
        using SafeFileHandle unsealable = File.OpenHandle("/dev/null");
        Memfd.Seal(executable, Libc.F_SEAL_EXEC);
        Assert.Multiple(() =>
        {
            Assert.That(NonExecutableMemfd.Is(plain), Is.False);
            Assert.That(NonExecutableMemfd.Is(noExec), Is.True);
            Assert.That(NonExecutableMemfd.Is(executable), Is.False, "the kernel added the other seals when it was sealed: it comes back as it is");
            Assert.That(NonExecutableMemfd.Is(unsealable), Is.False);
        });
    }

    [Test]
    public void A_copy_has_content_position_and_seals_but_that_against_execution()
    {
        string text = new('c', 3 << 20);
        using SafeFileHandle noExec = Memfd.Create(text, Libc.MFD_CLOEXEC | Libc.MFD_NOEXEC_SEAL);
        Memfd.Seek(noExec, 77);
        Memfd.Seal(noExec, Libc.F_SEAL_SHRINK | Libc.F_SEAL_WRITE | Libc.F_SEAL_SEAL);
        using SafeFileHandle copy = NonExecutableMemfd.Copy(noExec);
        Assert.Multiple(() =>
        {
            Assert.That(Memfd.Read(copy), Is.EqualTo(text));
            Assert.That(Memfd.Position(copy), Is.EqualTo(77));
            Assert.That(Memfd.Seals(copy), Is.EqualTo(Libc.F_SEAL_SHRINK | Libc.F_SEAL_WRITE | Libc.F_SEAL_SEAL));
            Assert.That(NonExecutableMemfd.Is(copy), Is.False);
        });
    }

    [TestCase("a.ops", "a.ops", "Managed", 0, false)]
    [TestCase("a.ops --device managed", "a.ops", "Managed", 0, false)]
    [TestCase("--device agent a.ops", "a.ops", "Agent", 0, false)]
    [TestCase("a.ops --device kernel --stage 2", "a.ops", "Kernel", 2, false)]
    [TestCase("--hold --stage 1 --device kernel a.ops", "a.ops", "Kernel", 1, true)]
    public void Scenario_runner_reads_its_arguments(string line, string path, string device, int stage, bool hold) => Assert.That(
        ScenarioArguments.Parse(line.Split(' ')), Is.EqualTo(new ScenarioArguments(path, Enum.Parse<ScenarioDevice>(device), stage, hold)));

    [TestCase("")]
    [TestCase("a.ops b.ops")]
    [TestCase("a.ops --device kernel")]
    [TestCase("a.ops --stage 1")]
    [TestCase("a.ops --hold")]
    [TestCase("a.ops --device agent --stage 1")]
    [TestCase("a.ops --device other --stage 1")]
    [TestCase("a.ops --device kernel --stage 0")]
    [TestCase("a.ops --unknown")]
    public void Scenario_runner_refuses_other_arguments(string line) =>
        Assert.That(ScenarioArguments.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)), Is.Null);
}
