using MessagePack;

namespace LiveUpdate.Tests.Handlers;

/// <summary>What a state handler refuses, and that everything goes on as before.</summary>
public class StateRefusalTests
{
    private const string Compatible = "vm-state";

    [Test]
    public void StateThatOutgrewItsRoomFailsTheHandoverAndEverythingGoesOn()
    {
        using Lives lives = Start();
        var small = new VmState { Name = "small" };
        var state = new VmState { Name = "grows", Pages = [new byte[3000]] };
        Session session = lives.Device.CreateSession("s");
        session.Preserve(1, small);
        session.Preserve(0x2A, state);
        state.Pages.Add(new byte[20_000]);

        LiveUpdateException refusal = Assert.Throws<LiveUpdateException>(() => lives.Update());
        using (Assert.EnterMultipleScope())
        {
            Assert.That(refusal.Error, Is.EqualTo(LiveUpdateError.NoSpace));
            Assert.That(refusal.Session, Is.EqualTo("s"));
            Assert.That(refusal.Token, Is.EqualTo(new Token(0x2A)));
            Assert.That(refusal.Handler, Is.EqualTo(Compatible));
            Assert.That(refusal.Message, Does.Contain("8192 bytes").And.Contain("23017 bytes").And.Contain("0x2a"));
        }

        // The remedy that the message names: a session with more room. Then the same states go over.
        session.Dispose();
        Assert.That(lives.PagesOf(Compatible), Is.Zero);
        session = lives.Device.CreateSession("s");
        session.Preserve(1, small);
        session.Preserve(2, state);
        lives.Update();
        using Session incoming = lives.Device.RetrieveSession("s");
        VmState.AssertEqual(incoming.Retrieve<VmState>(2), state);
        VmState.AssertEqual(incoming.Retrieve<VmState>(1), small);
    }

    [Test]
    public void StateThatShrankBackAfterAFailedFreezeGoesOver()
    {
        using Lives lives = Start();
        var state = new VmState { Name = "s" };
        using Session session = lives.Device.CreateSession("s");
        session.Preserve(1, state);
        state.Pages.Add(new byte[50_000]);
        Assert.That(() => lives.Update(), Throws.TypeOf<LiveUpdateException>());
        state.Pages[0] = new byte[2000];
        lives.Update();
        using Session incoming = lives.Device.RetrieveSession("s");
        VmState.AssertEqual(incoming.Retrieve<VmState>(1), state);
    }

    [Test]
    public void OldVersionRefusesWhatANewOneWroteBeforeTheCommit()
    {
        using Lives lives = Start(version: 2);
        using Session session = lives.Device.CreateSession("s");
        session.Preserve(1, new VmState { Name = "new" });

        LiveUpdateException refusal = Assert.Throws<LiveUpdateException>(
            () => lives.Update([new StateHandler<VmState>(Compatible, new VmStateFormatter(1))]));
        var cause = (LiveUpdateImageException)refusal.InnerException!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(refusal.Error, Is.EqualTo(LiveUpdateError.InputOutput));
            Assert.That(refusal.Token, Is.EqualTo(new Token(1)));
            Assert.That((cause.Structure, cause.Offset), Is.EqualTo(("state header", 12)));
            Assert.That((cause.Expected, cause.Found), Is.EqualTo(("a state version from 0 to 1", "2")));
        }

        lives.Update();
        Assert.That(lives.Device.RetrieveSession("s").Retrieve<VmState>(1).Name, Is.EqualTo("new"));
    }

    [Test]
    public void PreserveWithoutMemoryIsRefusedAtEveryAllocationAndLeavesNothing()
    {
        using Lives lives = Start(memorySize: 32L << 20);
        using Session session = lives.Device.CreateSession("s");
        var state = new VmState { Pages = [new byte[5 << 20]] };
        int failures = 0;
        for (int failing = 0; ; failing++)
        {
            int allocation = 0;
            lives.Now.Memory.AllocationFault = _ => allocation++ >= failing;
            try
            {
                session.Preserve(1, state);
                break;
            }
            catch (LiveUpdateException refusal)
            {
                Assert.That(refusal.Error, Is.EqualTo(LiveUpdateError.OutOfMemory));
                Assert.That(lives.PagesOf(Compatible), Is.Zero);
                failures++;
            }
        }

        lives.Now.Memory.AllocationFault = null;
        Assert.That(failures, Is.GreaterThan(2));
        lives.Update();
        VmState.AssertEqual(lives.Device.RetrieveSession("s").Retrieve<VmState>(1), state);
    }

    [Test]
    public void FormatterThatThrowsRefusesThePreserveOrTheHandover()
    {
        bool throws = true;
        var formatter = new DelegateFormatter<VmState>(
            (ref MessagePackWriter writer, VmState value) =>
            {
                writer.Write("half");
                if (throws)
                    throw new InvalidOperationException("not now");
            },
            (ref MessagePackReader reader, int _) => new VmState { Name = reader.ReadString()! });
        using var lives = new Lives(() => [new StateHandler<VmState>(Compatible, formatter)]);
        using Session session = lives.Device.CreateSession("s");
        var state = new VmState();
        LiveUpdateException refusal = Assert.Throws<LiveUpdateException>(() => session.Preserve(1, state));
        Assert.That(refusal.Error, Is.EqualTo(LiveUpdateError.InputOutput));
        Assert.That(refusal.InnerException, Is.TypeOf<InvalidOperationException>());
        Assert.That(lives.PagesOf(Compatible), Is.Zero);

        throws = false;
        session.Preserve(1, state);
        throws = true;
        refusal = Assert.Throws<LiveUpdateException>(() => lives.Update());
        Assert.That(refusal.InnerException, Is.TypeOf<InvalidOperationException>());

        throws = false;
        lives.Update();
        Assert.That(lives.Device.RetrieveSession("s").Retrieve<VmState>(1).Name, Is.EqualTo("half"));
    }

    [Test]
    public void FormatterThatWritesNothingRefusesTheHandover()
    {
        var formatter = new DelegateFormatter<VmState>(
            (ref MessagePackWriter _, VmState _) => { }, (ref MessagePackReader _, int _) => new VmState());
        using var lives = new Lives(() => [new StateHandler<VmState>(Compatible, formatter)]);
        using Session session = lives.Device.CreateSession("s");
        session.Preserve(1, new VmState());
        LiveUpdateException refusal = Assert.Throws<LiveUpdateException>(() => lives.Update());
        Assert.That(refusal.InnerException, Is.TypeOf<InvalidOperationException>().With.Message.Contains("wrote nothing"));
    }

    [Test]
    public void FormatterThatLeavesBytesOrReturnsNullOrThrowsIsRefusedBeforeTheCommit()
    {
        ReadState<VmState>[] readers =
        [
            (ref MessagePackReader reader, int _) => new VmState { Name = reader.ReadString()! },
            (ref MessagePackReader reader, int _) =>
            {
                reader.Skip();
                reader.Skip();
                return null!;
            },
            (ref MessagePackReader reader, int _) => throw new NotSupportedException("unknown"),
            (ref MessagePackReader reader, int _) => new VmState { Ticks = reader.ReadInt64() },
            (ref MessagePackReader reader, int _) =>
            {
                for (int i = 0; i < 3; i++)
                    reader.Skip();
                return new VmState();
            },
        ];
        WriteState<VmState> write = (ref MessagePackWriter writer, VmState _) =>
        {
            writer.Write("one");
            writer.Write("two");
        };
        var writer = new DelegateFormatter<VmState>(write, (ref MessagePackReader _, int _) => new VmState());
        using var lives = new Lives(() => [new StateHandler<VmState>(Compatible, writer)]);
        using Session session = lives.Device.CreateSession("s");
        session.Preserve(1, new VmState());
        foreach (ReadState<VmState> read in readers)
        {
            LiveUpdateException refusal = Assert.Throws<LiveUpdateException>(
                () => lives.Update([new StateHandler<VmState>(Compatible, new DelegateFormatter<VmState>(write, read))]));
            Assert.That(refusal.InnerException, Is.TypeOf<LiveUpdateImageException>());
            Assert.That(((LiveUpdateImageException)refusal.InnerException!).Structure, Is.EqualTo("state"));
        }
    }

    [Test]
    public void MisuseIsRefused()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => new StateHandler<VmState>(Compatible, null!), Throws.ArgumentNullException);
            Assert.That(() => new StateHandler<VmState>("", new VmStateFormatter()), Throws.ArgumentException);
            Assert.That(() => new StateHandler<VmState>(new string('x', 48), new VmStateFormatter()), Throws.ArgumentException);
            Assert.That(() => new StateHandler<VmState>(Compatible, new VmStateFormatter(-1)), Throws.ArgumentException);
            Assert.That(
                () => new StateHandler<VmState>(Compatible, new VmStateFormatter()) { ReserveBytes = 0 },
                Throws.TypeOf<ArgumentOutOfRangeException>());
        }
    }

    private static Lives Start(int version = 2, long memorySize = 4L << 20) =>
        new(() => [new FreezeHookHandler(), new StateHandler<VmState>(Compatible, new VmStateFormatter(version))], memorySize);
}
