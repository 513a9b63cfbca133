using System.Runtime.Versioning;
using LiveUpdate.Kho;
using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Handover;

/// <summary>What of an update across a kernel is refused without one; the rest is shown in the machine of eng/kernel.</summary>
[Platform("Linux", Reason = "the kernel is Linux")]
[SupportedOSPlatform("linux")]
public sealed class KernelTargetTests
{
    private const string NoDevice = "/dev/no-such-device";

    [Test]
    public void An_orchestrator_of_the_process_does_not_go_across_a_kernel()
    {
        using var generation = Generation.Boot(new RecordingHandler(new CallbackLog()));
        HandoverTarget target = HandoverTarget.Kernel();
        Assert.That(generation.Luo.Preflight(target).Select(static finding => finding.Id), Is.EqualTo(new[] { "not-across-kernel" }));
        LiveUpdateException refusal = Refused.With(LiveUpdateError.NotSupported, () => generation.Luo.HandOver(target));
        Assert.That(refusal.Message, Does.Contain("not-across-kernel"));
        Refused.With(LiveUpdateError.NotSupported, () => generation.Luo.Prepare(HandoverTarget.Kernel(KexecBy.Caller)));
        Generation.Preserve(generation.Create("s"), 1);
    }

    [Test]
    public void Who_jumps_decides_who_is_called()
    {
        using var generation = Generation.Boot(new RecordingHandler(new CallbackLog()));
        Assert.That(() => generation.Luo.HandOver(HandoverTarget.Kernel(KexecBy.Caller)), Throws.ArgumentException);
        Assert.That(() => generation.Luo.Prepare(HandoverTarget.Kernel()), Throws.ArgumentException);
        Assert.That(() => generation.Luo.Prepare(HandoverTarget.Exec()), Throws.ArgumentException);
        Assert.That(() => generation.Luo.Prepare(null!), Throws.ArgumentNullException);
    }

    [Test]
    public void A_boot_across_a_kernel_needs_the_device()
    {
        var options = new LiveUpdateOptions { Across = LiveUpdateAcross.Kernel, KernelDevicePath = NoDevice };
        Refused.With(LiveUpdateError.NoDevice, () => LiveUpdateOrchestrator.Boot(options));
        options.IsEnabled = false;
        LiveUpdateOrchestrator.Boot(options).Dispose();
    }

    [Test]
    public void Memory_of_the_callers_does_not_go_across_a_kernel()
    {
        using KhoMemory memory = KhoMemory.Allocate(1 << 20);
        var options = new LiveUpdateOptions { Across = LiveUpdateAcross.Kernel, KernelDevicePath = NoDevice, Memory = memory };
        Assert.That(() => LiveUpdateOrchestrator.Boot(options), Throws.InvalidOperationException);
    }

    [Test]
    public void The_name_leaves_room_for_a_number()
    {
        var options = new LiveUpdateOptions { KernelSessionName = new string('n', 52) };
        Assert.That(options.KernelSessionName, Has.Length.EqualTo(52));
        foreach (string name in new[] { "", new string('n', 53), "a\0b" })
            Assert.That(() => options.KernelSessionName = name, Throws.ArgumentException, name);
        Assert.That(() => options.KernelDevicePath = "", Throws.ArgumentException);
    }
}
