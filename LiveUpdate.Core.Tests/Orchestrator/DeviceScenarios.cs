using LiveUpdate.Abi;
using LiveUpdate.Kho;
using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Orchestrator;

/// <summary>Reference 7.1: start and control device.</summary>
public class DeviceScenarios
{
    [Test]
    public void T_001_cold_start_open_close()
    {
        using var first = Generation.Boot();
        Assert.That(first.Luo.PreviousUpdate, Is.Null);
        LiveUpdateDevice device = first.Luo.OpenDevice();
        Assert.That(device.Dispose, Throws.Nothing);
    }

    [Test]
    public void T_002_one_opener_at_a_time()
    {
        using var first = Generation.Boot();
        LiveUpdateDevice device = first.Luo.OpenDevice();
        Refused.With(LiveUpdateError.Busy, () => first.Luo.OpenDevice());
        device.Dispose();
        device.Dispose();
        using LiveUpdateDevice again = first.Luo.OpenDevice();
        Refused.With(LiveUpdateError.Busy, () => first.Luo.OpenDevice());
    }

    [Test]
    public void T_003_duplicate_of_the_device_keeps_it_open()
    {
        using var first = Generation.Boot();
        var user = new UapiDispatcher(first.Luo.OpenDevice);
        Assert.That(user.Open(out int device), Is.EqualTo(LiveUpdateError.None));
        Assert.That(user.Duplicate(device, out int duplicate), Is.EqualTo(LiveUpdateError.None));
        Assert.That(user.Close(device), Is.EqualTo(LiveUpdateError.None));
        Assert.That(user.Open(out _), Is.EqualTo(LiveUpdateError.Busy));
        Assert.That(user.Close(duplicate), Is.EqualTo(LiveUpdateError.None));
        Assert.That(user.Open(out _), Is.EqualTo(LiveUpdateError.None));
    }

    [Test]
    public void T_004_update_without_a_session()
    {
        using var first = Generation.Boot();
        HandedOverImage image = first.Stop();
        Assert.That(image.Root.LiveUpdateNumber, Is.EqualTo(1));
        Assert.That(image.Root.SessionsAddress, Is.Zero);
        Assert.That(image.FlbHeader.PageCount, Is.EqualTo(1));
        Assert.That(image.FlbHeader.Count, Is.Zero);
        Generation second = image.Boot();
        Assert.That(second.Device.GetIncomingSessions(), Is.Empty);
    }

    [Test]
    public void T_005_updates_are_counted()
    {
        using var first = Generation.Boot();
        Generation generation = first;
        for (ulong number = 1; number <= 3; number++)
        {
            HandedOverImage image = generation.Stop();
            Assert.That(image.Root.LiveUpdateNumber, Is.EqualTo(number));
            generation = image.Boot();
            Assert.That(generation.Luo.UpdateNumber, Is.EqualTo(number));
            Assert.That(generation.Luo.PreviousUpdate!.Number, Is.EqualTo(number));
        }
    }

    [Test]
    public void T_006_switched_off()
    {
        var log = new CallbackLog();
        var handler = new RecordingHandler(log);
        var flb = new RecordingFlb(log, "A");
        using var off = LiveUpdateOrchestrator.Boot(new LiveUpdateOptions { IsEnabled = false, MemorySize = Generation.SmallMemory });
        Refused.With(LiveUpdateError.NotSupported, () => off.Register(handler));
        Refused.With(LiveUpdateError.NotSupported, () => off.Register(flb, handler));
        Refused.With(LiveUpdateError.NotSupported, () => off.GetIncoming(flb));
        Refused.With(LiveUpdateError.NotSupported, () => off.GetOutgoing(flb));
        Refused.With(LiveUpdateError.NotSupported, () => off.OpenDevice());
        off.HandOver(new StopTarget());
        using KexecHandover view = KexecHandover.Attach(off.Memory.Memory);
        Assert.That(view.HasIncoming, Is.False, "nothing done");
    }

    [Test]
    public void T_007_image_of_31_bytes_is_fatal()
    {
        using var first = Generation.Boot();
        KexecHandover memory = first.Engine.Memory;
        PhysicalAddress root = memory.AllocatePreserved(LuoAbi.PageSize, new PageOwner("root"));
        memory.RemoveSubtree(LuoAbi.SubtreeName);
        memory.AddSubtree(LuoAbi.SubtreeName, root, LuoAbi.RootSize - 1);
        HandedOverImage image = first.Stop();
        LiveUpdateImageException? fatal = Assert.Throws<LiveUpdateImageException>(() => image.Boot());
        Assert.That(fatal!.Error, Is.EqualTo(LiveUpdateError.InvalidArgument));
    }

    [Test]
    public void T_008_image_of_another_version_is_fatal()
    {
        using var first = Generation.Boot();
        HandedOverImage image = first.Stop();
        image.Root.Compatible[5] = (byte)'4';
        LiveUpdateImageException? fatal = Assert.Throws<LiveUpdateImageException>(() => image.Boot());
        Assert.That(fatal!.Error, Is.EqualTo(LiveUpdateError.InvalidArgument));
        Assert.That(fatal.Message, Does.Contain("luo-v5").And.Contain("luo-v4"));
    }

    [Test]
    public void T_009_bytes_behind_the_version_do_not_count()
    {
        using var first = Generation.Boot();
        HandedOverImage image = first.Stop();
        image.Root.Compatible[7] = 0xA5;
        Assert.That(image.Boot().Luo.UpdateNumber, Is.EqualTo(1));
    }

    [Test]
    public void T_010_larger_image_is_accepted()
    {
        using var first = Generation.Boot();
        KexecHandover memory = first.Engine.Memory;
        Assert.That(memory.GetAccount().Owners, Is.Not.Empty);
        PhysicalAddress root = RootOf(first);
        memory.RemoveSubtree(LuoAbi.SubtreeName);
        memory.AddSubtree(LuoAbi.SubtreeName, root, 48);
        Assert.That(first.Stop().Boot().Luo.UpdateNumber, Is.EqualTo(1));
    }

    [Test]
    public void T_011_absent_entry_is_a_clean_start()
    {
        using var first = Generation.Boot();
        first.Engine.Memory.RemoveSubtree(LuoAbi.SubtreeName);
        Generation second = first.Stop().Boot();
        Assert.That(second.Luo.UpdateNumber, Is.Zero);
        Assert.That(second.Luo.PreviousUpdate, Is.Null);
        Assert.That(second.Device.GetIncomingSessions(), Is.Empty);
    }

    [Test]
    public void T_012_sessions_outlive_the_device()
    {
        var log = new CallbackLog();
        using var first = Generation.Boot(new RecordingHandler(log));
        Session session = first.Create("a");
        first.Device.Dispose();
        Generation.Preserve(session, 1);
        Assert.That(log.Take(), Is.EqualTo("can1 pre1"));
        Assert.That(() => first.Device.CreateSession("b"), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void T_013_handler_that_comes_after_the_first_open_is_too_late()
    {
        var handler = new RecordingHandler(new CallbackLog());
        using Generation second = MissingHandler(handler);
        LiveUpdateException refusal = Refused.With(LiveUpdateError.InputOutput, () => second.Luo.OpenDevice());
        Assert.That(((LiveUpdateException)refusal.InnerException!).Error, Is.EqualTo(LiveUpdateError.NotFound));
        second.Luo.Register(handler);
        Refused.With(LiveUpdateError.InputOutput, () => second.Luo.OpenDevice());
        Assert.That(second.Engine.Handlers.Ordered.Single().LiveFiles, Is.Zero);
    }

    [Test]
    public void T_014_failed_opens_leave_the_device_free()
    {
        using Generation second = MissingHandler(new RecordingHandler(new CallbackLog()));
        Refused.With(LiveUpdateError.InputOutput, () => second.Luo.OpenDevice());
        Refused.With(LiveUpdateError.InputOutput, () => second.Luo.OpenDevice());
    }

    [Test]
    public void T_015_hand_over_after_a_failed_open_is_empty()
    {
        using Generation second = MissingHandler(new RecordingHandler(new CallbackLog()));
        Refused.With(LiveUpdateError.InputOutput, () => second.Luo.OpenDevice());
        HandedOverImage image = second.Stop();
        Assert.That(image.Root.LiveUpdateNumber, Is.EqualTo(2));
        Assert.That(image.Root.SessionsAddress, Is.Zero);
        Assert.That(image.Boot().Device.GetIncomingSessions(), Is.Empty);
    }

    /// <summary>A generation to which a file was handed over whose handler it does not have.</summary>
    private static Generation MissingHandler(FileHandler handler)
    {
        KhoMemory memory = KhoMemory.Allocate(Generation.SmallMemory);
        Generation first = Generation.Boot(memory, handler);
        Generation.Preserve(first.Create("a"), 1);
        first.Luo.HandOver(new StopTarget());
        Generation second = Generation.Boot(memory);
        second.Own(memory);
        first.Dispose();
        return second;
    }

    private static PhysicalAddress RootOf(Generation generation)
    {
        PhysicalAddress root = default;
        Assert.That(
            () => generation.Luo.HandOver(new StopTarget
            {
                BeforeCommit = engine =>
                {
                    using KexecHandover view = KexecHandover.Attach(engine.Memory.Memory);
                    Assert.That(view.TryGetSubtree(LuoAbi.SubtreeName, out KhoSubtree subtree), Is.True);
                    root = subtree.Address;
                    throw new OperationCanceledException();
                },
            }),
            Throws.TypeOf<OperationCanceledException>());
        return root;
    }
}
