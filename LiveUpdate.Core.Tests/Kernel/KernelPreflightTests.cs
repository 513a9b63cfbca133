using System.Runtime.Versioning;
using LiveUpdate.Kho;
using LiveUpdate.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Tests.Kernel;

/// <summary>What stands in the way of an update of the kernel, on machines whose files are given.</summary>
[Platform(Include = "Linux", Reason = "Only Linux has a kernel of this kind.")]
[SupportedOSPlatform("linux")]
public sealed class KernelPreflightTests
{
    [Test]
    public void Nothing_is_found_but_what_cannot_be_known()
    {
        using KernelImageFile image = KernelImageFile.BzImage("xz");
        using var machine = new MachineFiles();
        Expect(machine, options => options.ImagePath = image.Path, "image-loaded-by-unknown");
        Expect(machine, options => (options.ImagePath, options.LoadsImage) = (image.Path, true));
    }

    [Test]
    public void A_missing_device_says_which_switch_is_missing()
    {
        using var machine = new MachineFiles();
        machine.Delete("dev/liveupdate");
        PreflightFinding finding = Find(machine, "device-missing");
        Assert.That(finding.Severity, Is.EqualTo(PreflightSeverity.Blocking));
        Assert.That(finding.Message, Does.Contain("7.3.4").And.Contains("liveupdate=on"));
        Assert.That(finding.Remedy, Does.Contain("CONFIG_LIVEUPDATE"));
        machine.Write("proc/cmdline", "quiet\n");
        Assert.That(Find(machine, "device-missing").Message, Does.EndWith("booted without liveupdate=on."));
        machine.Write("proc/cmdline", "kho=off liveupdate=on\n");
        Assert.That(Find(machine, "device-missing").Message, Does.EndWith("switched off by kho=off."));
    }

    [Test]
    public void An_image_of_another_abi_refuses_the_update_and_both_are_named()
    {
        using KernelImageFile image = KernelImageFile.Of([.. "\u007fELF"u8, .. "\0luo-v9\0kho-v4\0"u8]);
        using var machine = new MachineFiles();
        PreflightFinding finding = Find(machine, "abi-differs", options => options.ImagePath = image.Path);
        Assert.That(finding.Severity, Is.EqualTo(PreflightSeverity.Blocking));
        Assert.That(finding.Message, Does.Contain("luo-v5").And.Contains("luo-v9").And.Contains(image.Path));
    }

    [Test]
    public void What_the_kernel_wrote_goes_before_what_its_release_means()
    {
        using KernelImageFile image = KernelImageFile.Of([.. "\u007fELF"u8, .. "\0luo-v9\0kho-v4\0"u8]);
        using var machine = new MachineFiles();
        machine.Write("sys/kernel/debug/kho/out/sub_fdts/LUO", "luo-v9\0\u0001\0\0\0\0\0\0\0");
        machine.Write("sys/kernel/debug/kho/out/fdt", "\0kho-v4\0");
        Expect(machine, options => (options.ImagePath, options.LoadsImage) = (image.Path, true));
    }

    [Test]
    public void The_installed_image_says_what_a_release_that_is_not_known_writes()
    {
        using KernelImageFile image = KernelImageFile.BzImage("lz4");
        using var machine = new MachineFiles();
        machine.Write("proc/sys/kernel/osrelease", "9.1.0-amd64\n");
        Expect(machine, options => (options.ImagePath, options.LoadsImage) = (image.Path, true), "abi-unknown");
        Directory.CreateDirectory(Path.Combine(machine.Root, "boot"));
        File.Copy(image.Path, Path.Combine(machine.Root, "boot/vmlinuz-9.1.0-amd64"));
        Expect(machine, options => (options.ImagePath, options.LoadsImage) = (image.Path, true));
    }

    [Test]
    public void Other_memory_of_the_hand_over_refuses_it_as_well()
    {
        using KernelImageFile image = KernelImageFile.Of([.. "\u007fELF"u8, .. "\0luo-v5\0kho-v3\0"u8]);
        using KernelImageFile installed = KernelImageFile.BzImage("gzip");
        using var machine = new MachineFiles();
        Directory.CreateDirectory(Path.Combine(machine.Root, "boot"));
        File.Copy(installed.Path, Path.Combine(machine.Root, "boot/vmlinuz-7.3.4"));
        Assert.That(Find(machine, "abi-differs", options => options.ImagePath = image.Path).Message, Does.Contain("kho-v4").And.Contains("kho-v3"));
    }

    [Test]
    public void An_image_without_live_update_refuses_the_update()
    {
        using KernelImageFile image = KernelImageFile.Of([.. "\u007fELF"u8, .. new byte[5000]]);
        using var machine = new MachineFiles();
        Assert.That(Find(machine, "image-without-liveupdate", options => options.ImagePath = image.Path).Severity, Is.EqualTo(PreflightSeverity.Blocking));
    }

    [Test]
    public void An_image_that_cannot_be_read_refuses_the_update()
    {
        using var machine = new MachineFiles();
        PreflightFinding finding = Find(machine, "image-unreadable", static options => options.ImagePath = "/nowhere/vmlinuz");
        Assert.That(finding.Message, Does.Contain("/nowhere/vmlinuz"));
    }

    [Test]
    public void No_loaded_image_is_found_unless_this_process_loads_it()
    {
        using var machine = new MachineFiles();
        machine.Write("sys/kernel/kexec_loaded", "0\n");
        Assert.That(Find(machine, "image-not-loaded").Severity, Is.EqualTo(PreflightSeverity.Warning));
        Assert.That(Find(machine, "image-not-loaded", static options => options.Jumps = true).Severity, Is.EqualTo(PreflightSeverity.Blocking));
        Expect(machine, static options => options.LoadsImage = true, "image-unknown");
        machine.Write("proc/sys/kernel/kexec_load_disabled", "1\n");
        Assert.That(Find(machine, "kexec-disabled", static options => options.LoadsImage = true).Severity, Is.EqualTo(PreflightSeverity.Blocking));
    }

    [Test]
    public void A_process_that_may_not_kexec_and_a_locked_kernel_are_found()
    {
        using var machine = new MachineFiles();
        machine.Write("proc/self/status", "CapEff:\t0000000000000000\n");
        machine.Write("sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
        Assert.That(Find(machine, "kexec-not-permitted").Severity, Is.EqualTo(PreflightSeverity.Warning));
        Assert.That(Find(machine, "kexec-not-permitted", static options => options.Jumps = true).Severity, Is.EqualTo(PreflightSeverity.Blocking));
        Assert.That(Find(machine, "kernel-locked-down").Message, Does.Contain("[integrity]"));
    }

    [Test]
    public void Too_few_descriptors_are_found_with_both_numbers()
    {
        using var machine = new MachineFiles();
        PreflightFinding finding = Find(machine, "open-files-limit", static options => options.Sessions = 1000);
        Assert.That(finding.Message, Does.Contain("1064").And.Contains("1024"));
        Assert.That(Run(machine, static options => options.Sessions = 960), Has.None.Property("Id").EqualTo("open-files-limit"));
    }

    [Test]
    public void Enforced_noexec_is_found()
    {
        using var machine = new MachineFiles();
        machine.Write("proc/sys/vm/memfd_noexec", "2\n");
        Assert.That(Find(machine, "memfd-noexec-enforced").Severity, Is.EqualTo(PreflightSeverity.Blocking));
    }

    [Test]
    public void A_sparse_memfd_costs_what_it_has_not_got_yet()
    {
        using SafeFileHandle memfd = Sparse(100 << 20);
        RandomAccess.Write(memfd, new byte[1 << 20], 0);
        const long Cost = 99 << 20;
        using var machine = new MachineFiles();
        Assert.That(Find(machine, "memfd-sparse", options => options.Memfds.Add(memfd)).Message, Does.Contain($"{Cost}"));
        machine.Write("proc/meminfo", "MemAvailable:     50000 kB\n");
        PreflightFinding tooSmall = Find(machine, "memory-too-small", options => options.Memfds.Add(memfd));
        Assert.That(tooSmall.Message, Does.Contain($"{Cost}").And.Contains($"{50000 << 10}"));
        Assert.That(tooSmall.Severity, Is.EqualTo(PreflightSeverity.Blocking));
    }

    [Test]
    public void The_tightest_control_group_counts()
    {
        using SafeFileHandle memfd = Sparse(100 << 20);
        using var machine = new MachineFiles();
        machine.Write("sys/fs/cgroup/system.slice/hypervisor.service/memory.max", "max\n");
        machine.Write("sys/fs/cgroup/system.slice/memory.max", $"{200 << 20}\n");
        machine.Write("sys/fs/cgroup/system.slice/memory.current", $"{150 << 20}\n");
        PreflightFinding finding = Find(machine, "control-group-too-small", options => options.Memfds.Add(memfd));
        Assert.That(finding.Message, Does.Contain($"{100 << 20}").And.Contains($"{50 << 20}"));
        machine.Write("sys/fs/cgroup/system.slice/memory.current", "0\n");
        Assert.That(Find(machine, "memfd-sparse", options => options.Memfds.Add(memfd)), Is.Not.Null);
    }

    [Test]
    public void A_memfd_with_its_pages_costs_nothing()
    {
        using KhoMemory memory = KhoMemory.CreateShared(1 << 20, "full");
        memory.GetSpan(memory.Base, 1 << 20).Fill(1);
        using var machine = new MachineFiles();
        Assert.That(
            Run(machine, options => options.Memfds.Add(memory.SharedFile!)).Select(static finding => finding.Id),
            Has.None.StartsWith("memfd").And.None.StartsWith("memory"));
    }

    [Test]
    public void A_closed_memfd_is_an_error()
    {
        SafeFileHandle memfd = Sparse(1);
        memfd.Dispose();
        using var machine = new MachineFiles();
        Refused.With(LiveUpdateError.BadDescriptor, () => Run(machine, options => options.Memfds.Add(memfd)));
    }

    [Test]
    public void This_machine_is_looked_at()
    {
        foreach (PreflightFinding finding in KernelPreflight.Run())
            TestContext.Out.WriteLine($"{finding.Severity} {finding}");
        Assert.That(KernelPreflight.Run().Select(static finding => finding.Id), Has.Member("image-unknown"));
    }

    private static SafeFileHandle Sparse(long size)
    {
        SafeFileHandle memfd = new TestMemfd().Handle;
        RandomAccess.SetLength(memfd, size);
        return memfd;
    }

    private static void Expect(MachineFiles machine, Action<KernelPreflightOptions> set, params string[] ids) =>
        Assert.That(Run(machine, set).Select(static finding => finding.Id), Is.EquivalentTo(ids));

    private static PreflightFinding Find(MachineFiles machine, string id, Action<KernelPreflightOptions>? set = null) =>
        Run(machine, set).Single(finding => finding.Id == id);

    private static IReadOnlyList<PreflightFinding> Run(MachineFiles machine, Action<KernelPreflightOptions>? set)
    {
        var options = new KernelPreflightOptions { DevicePath = Path.Combine(machine.Root, "dev/liveupdate") };
        set?.Invoke(options);
        return KernelPreflight.Run(options, new RunningKernel(machine.Root));
    }
}
