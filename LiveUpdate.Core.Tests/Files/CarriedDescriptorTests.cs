using System.Runtime.Versioning;
using LiveUpdate.Abi;
using LiveUpdate.Kho;
using LiveUpdate.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Tests.Files;

/// <summary>Descriptors that a carrier takes to the next generation: its preserve is the last step, and its sessions follow the orchestrator's.</summary>
[Platform("Linux", Reason = "memfds are of Linux")]
[SupportedOSPlatform("linux")]
public sealed class CarriedDescriptorTests
{
    private readonly List<string> _steps = [];
    private CallbackLog _log;
    private KhoMemory _memory;
    private HeldSessions _kept;
    private HoldingCarrier _carrier;
    private LiveUpdateEngine _engine;
    private LiveUpdateDevice _device;

    [SetUp]
    public void SetUp()
    {
        _log = new CallbackLog();
        _steps.Clear();
        _memory = KhoMemory.Allocate(1 << 20);
        _kept = new HeldSessions();
        _carrier = new HoldingCarrier(_kept);
        _engine = Attach(_carrier);
        _engine.Activate();
        _device = _engine.OpenDevice();
    }

    [TearDown]
    public void TearDown()
    {
        _device.Dispose();
        _engine.Dispose();
        _carrier.Dispose();
        _kept.Dispose();
        _memory.Dispose();
    }

    [Test]
    public void A_session_gets_one_with_its_first_descriptor_and_loses_it_when_it_closes()
    {
        Session states = _device.CreateSession("states");
        states.Preserve(1, new TestFile(1));
        Session first = _device.CreateSession("first"), second = _device.CreateSession("second");
        Assert.That((_kept.ToString(), _engine.Carried!.Count), Is.EqualTo(("", 0)));
        Preserve(second, 10);
        Preserve(first, 10);
        Preserve(first, ulong.MaxValue);
        Assert.That(_kept.ToString(), Is.EqualTo("1(10) 2(10 18446744073709551615)"));
        second.Dispose();
        Assert.That(_kept.ToString(), Is.EqualTo("2(10 18446744073709551615)"));
        second = _device.CreateSession("second");
        Preserve(second, 3);
        Assert.That(_kept.ToString(), Is.EqualTo("2(10 18446744073709551615) 3(3)"), "a number is not used again");
    }

    [Test]
    public void What_the_carrier_refuses_is_undone_whole([Values("create 1", "preserve 1 10")] string step)
    {
        Session session = _device.CreateSession("s");
        Held before = Held.By(_engine);
        using SafeFileHandle file = new TestMemfd().Handle;
        _carrier.Fault = asked => asked == step ? LiveUpdateError.Busy : LiveUpdateError.None;
        LiveUpdateException refusal = Refused.With(LiveUpdateError.Busy, () => session.Preserve(10, file));
        Assert.That((refusal.Operation, refusal.Session, refusal.Token, refusal.Handler), Is.EqualTo(("preserve", "s", (Token?)10UL, "slot-v1")));
        Assert.That(_log.Take(), Is.EqualTo("pre10 unp10"), "the handler's part was done, and is undone");
        Assert.That(Held.By(_engine), Is.EqualTo(before));
        Assert.That((_kept.ToString(), session.GetFiles().Count), Is.EqualTo(("", 0)));

        _carrier.Fault = null;
        session.Preserve(10, file);
        Assert.That(_kept.Sessions.Values.Single().Keys, Is.EqualTo(new[] { 10UL }));
    }

    [Test]
    public void A_refusal_leaves_the_files_before_it_in_their_session()
    {
        Session session = _device.CreateSession("s");
        Preserve(session, 1);
        _carrier.Fault = static asked => asked.StartsWith("preserve", StringComparison.Ordinal) ? LiveUpdateError.NotSupported : LiveUpdateError.None;
        using SafeFileHandle file = new TestMemfd().Handle;
        Refused.With(LiveUpdateError.NotSupported, () => session.Preserve(2, file));
        Assert.That(_kept.ToString(), Is.EqualTo("1(1)"));
        Assert.That(session.GetFiles().Select(static entry => entry.Token), Is.EqualTo(new[] { (Token)1UL }));
    }

    [Test]
    public void The_carrier_is_asked_last()
    {
        Session session = _device.CreateSession("s");
        using SafeFileHandle file = new TestMemfd().Handle;
        _carrier.Fault = asked =>
        {
            _steps.Add(asked);
            return LiveUpdateError.None;
        };
        _log.Fail("pre10");
        Refused.With(LiveUpdateError.InputOutput, () => session.Preserve(10, file));
        _engine.Sessions.Files.RecordFault = static what => what == "file record";
        Refused.With(LiveUpdateError.OutOfMemory, () => session.Preserve(11, file));
        Assert.That(_steps, Is.Empty);
    }

    [Test]
    public void A_descriptor_is_part_of_one_file()
    {
        using SafeFileHandle file = new TestMemfd().Handle;
        Refused.With(LiveUpdateError.NotSupported, () => _engine.Descriptors.Add(file));
        Assert.That(_engine.Descriptors.Count, Is.Zero);
    }

    [Test]
    public void The_next_generation_takes_the_descriptors_and_finishes_with_the_sessions()
    {
        Session session = _device.CreateSession("s"), other = _device.CreateSession("other"), states = _device.CreateSession("states");
        Preserve(other, 5);
        Preserve(session, 10);
        Preserve(session, 20);
        states.Preserve(1, new TestFile(1));
        HandOver();

        using var sent = new HeldSessions();
        var carrier = new HoldingCarrier(sent, _kept);
        using LiveUpdateEngine next = Load(carrier);
        next.Activate();
        Assert.That(next.Descriptors.IncomingCount, Is.EqualTo(3));
        using LiveUpdateDevice device = next.OpenDevice();
        using (Session incoming = device.RetrieveSession("s"))
        {
            carrier.Fault = static asked => asked == "check" ? LiveUpdateError.TooManyFiles : LiveUpdateError.None;
            Refused.With(LiveUpdateError.TooManyFiles, () => incoming.Retrieve<SafeFileHandle>(10));
            carrier.Fault = null;
            using var file = incoming.Retrieve<SafeFileHandle>(10);
            Assert.That(TestMemfd.Read(file), Is.EqualTo("10"), "the file that found no number can be retrieved later");
            Assert.That(_kept.ToString(), Is.EqualTo("1(5) 2(10 20)"));
            incoming.Finish();
        }

        Assert.That((_kept.ToString(), next.Descriptors.IncomingCount), Is.EqualTo(("1(5)", 1)), "the carrier's session was finished with it");
        foreach (string name in new[] { "other", "states" })
        {
            using Session unclaimed = device.RetrieveSession(name);
            unclaimed.Finish();
        }

        Assert.That((_kept.ToString(), next.Descriptors.IncomingCount, next.CleanupErrors.Count), Is.EqualTo(("", 0, 0)));
        Assert.That(next.Memory.GetAccount().Unrestored, Is.Empty);
    }

    [Test]
    public void A_finish_that_the_carrier_refuses_is_kept_as_an_error()
    {
        Preserve(_device.CreateSession("s"), 1);
        HandOver();
        using var sent = new HeldSessions();
        var carrier = new HoldingCarrier(sent, _kept);
        using LiveUpdateEngine next = Load(carrier);
        next.Activate();
        carrier.Fault = static asked => asked == "finish 1" ? LiveUpdateError.Busy : LiveUpdateError.None;
        using Session incoming = next.OpenDevice().RetrieveSession("s");
        incoming.Finish();
        Assert.That(next.CleanupErrors.Select(static error => (error.Error, error.Session)), Is.EqualTo(new[] { (LiveUpdateError.Busy, "s") }));
    }

    [Test]
    public void A_session_that_did_not_come_is_a_damaged_image()
    {
        Preserve(_device.CreateSession("s"), 1);
        HandOver();
        _kept.Drop(1);
        Assert.That(() => Load(new HoldingCarrier(_kept, _kept)), Throws.TypeOf<LiveUpdateImageException>());
    }

    [Test]
    public void A_carrier_that_is_short_of_something_can_be_asked_again()
    {
        Preserve(_device.CreateSession("s"), 1);
        HandOver();
        using var sent = new HeldSessions();
        var carrier = new HoldingCarrier(sent, _kept) { Fault = static _ => LiveUpdateError.TooManyFiles };
        Refused.With(LiveUpdateError.TooManyFiles, () => Load(carrier));
        carrier.Fault = null;
        using LiveUpdateEngine next = Load(carrier);
        Assert.That(next.Descriptors.IncomingCount, Is.EqualTo(1));
    }

    [Test]
    public void A_damaged_record_or_table_is_refused([Range(0, CarrierSer.Size - 1, 8)] int offset)
    {
        Preserve(_device.CreateSession("s"), 1);
        HandOver();
        Span<byte> memory = _memory.GetSpan(_memory.Base, (int)_memory.Length);
        int record = memory.IndexOf("LUKERNEL"u8);
        memory[record + offset] ^= 0x40;
        Assert.That(() => Load(new HoldingCarrier(_kept, _kept)), Throws.TypeOf<LiveUpdateImageException>());
    }

    [Test]
    public void A_slot_must_be_in_a_session_of_the_table()
    {
        Preserve(_device.CreateSession("s"), 1);
        HandOver();
        using LiveUpdateEngine next = LiveUpdateEngine.Attach(_memory, Options());
        next.UseCarrier(new HoldingCarrier(_kept, _kept));
        DescriptorSlotSer?[] slots = next.Image!.ReadSlots();
        Assert.That(slots, Has.Length.EqualTo(1));
        Assert.That((slots[0]!.Value.State, slots[0]!.Value.Descriptor, slots[0]!.Value.Token), Is.EqualTo((DescriptorSlotSer.InKernelSession, 1, 1UL)));
        slots[0] = slots[0]!.Value with { Descriptor = 2 };
        Assert.That(() => next.Carried!.Load(next.Image!.Carrier!.Value, next.Image.CarriedSessions, slots), Throws.TypeOf<LiveUpdateImageException>());
    }

    private static EngineOptions Options(CallbackLog? log = null) =>
        LiveUpdateOrchestrator.ToEngineOptions(Generation.Options(new SlotHandler(log ?? new CallbackLog()), new RecordingHandler(new CallbackLog())));

    private static void Preserve(Session session, ulong token)
    {
        var memfd = new TestMemfd();
        memfd.Write($"{token}");
        using SafeFileHandle file = memfd.Handle;
        session.Preserve(token, file);
    }

    private LiveUpdateEngine Attach(HoldingCarrier carrier)
    {
        LiveUpdateEngine engine = LiveUpdateEngine.Attach(_memory, Options(_log));
        engine.UseCarrier(carrier);
        return engine;
    }

    private LiveUpdateEngine Load(HoldingCarrier carrier)
    {
        LiveUpdateEngine next = LiveUpdateEngine.Attach(_memory, Options());
        try
        {
            next.UseCarrier(carrier);
            DescriptorSlotSer?[] slots = next.Image!.ReadSlots();
            next.Carried!.Load(next.Image.Carrier!.Value, next.Image.CarriedSessions, slots);
            next.Descriptors.SetCarried(slots);
            return next;
        }
        catch
        {
            next.Dispose();
            throw;
        }
    }

    private void HandOver() => HandoverProcedure.Run(_engine, new StopTarget(), discardUnfinished: true, CancellationToken.None);
}
