using LiveUpdate.Abi;
using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Sessions;

/// <summary>Reference 7.2, second half: requests of the wrong kind, answers that cannot be copied, lost sessions, damaged names.</summary>
public class SessionRequestScenarios
{
    [Test]
    public void T_038_outgoing_session_refuses_incoming_requests()
    {
        using var first = Generation.Boot();
        Session a = first.Create("a");
        Refused.With(LiveUpdateError.InvalidArgument, () => a.Retrieve(1));
        Refused.With(LiveUpdateError.InvalidArgument, () => a.TryRetrieve<object>(1, out _));
        Refused.With(LiveUpdateError.InvalidArgument, a.Finish);
        first.Device.Dispose();
        var user = new UapiUser(first);
        int b = user.Create("b");
        Assert.That(user.Retrieve(b, 1, out _), Is.EqualTo(LiveUpdateError.InvalidArgument));
        Assert.That(user.Finish(b), Is.EqualTo(LiveUpdateError.InvalidArgument));
    }

    [Test]
    public void T_039_incoming_session_refuses_preserve()
    {
        var log = new CallbackLog();
        using var first = Generation.Boot(new RecordingHandler(log));
        first.Create("a");
        Generation second = first.Update();
        Session a = second.Retrieve("a");
        Refused.With(LiveUpdateError.InvalidArgument, () => Generation.Preserve(a, 1));
        Assert.That(log.Take(), Is.Empty);
        a.Dispose();
        second.Device.Dispose();
        var user = new UapiUser(second);
        int file = user.Install(new TestFile(1));
        Assert.That(user.Preserve(user.RetrieveSession("a"), file, 1), Is.EqualTo(LiveUpdateError.InvalidArgument));
        Assert.That(log.Take(), Is.Empty);
    }

    [Test]
    public void T_040_kind_is_checked_before_size()
    {
        using var first = Generation.Boot();
        var user = new UapiUser(first);
        byte[] request = UapiUser.FinishStruct(size: 4);
        Assert.That(user.Ioctl(user.Create("a"), LiveUpdateIoctl.Finish, request), Is.EqualTo(LiveUpdateError.InvalidArgument));

        // Both answers are EINVAL; that the kind is looked at first shows where the size would be E2BIG.
        byte[] large = UapiUser.NameStruct(default, size: 73);
        large[72] = 1;
        Assert.That(user.Ioctl(user.Create("b"), LiveUpdateIoctl.Finish, large), Is.EqualTo(LiveUpdateError.InvalidArgument));
    }

    [Test]
    public void T_041_retrieve_whose_answer_cannot_be_copied()
    {
        var log = new CallbackLog();
        using var first = Generation.Boot(new RecordingHandler(log));
        Generation.Preserve(first.Create("a"), 1);
        Generation second = first.Update();
        second.Device.Dispose();
        log.Take();
        var user = new UapiUser(second) { CannotWrite = true };
        Assert.That(user.RetrieveSession("a", out _), Is.EqualTo(LiveUpdateError.BadAddress));
        Assert.That(log.Take(), Is.Empty);
        user.CannotWrite = false;
        int a = user.RetrieveSession("a");
        Assert.That(a, Is.EqualTo(1));
        Assert.That(user.Retrieve(a, 1, out _), Is.EqualTo(LiveUpdateError.None));
        Assert.That(log.Take(), Is.EqualTo("ret1"));
    }

    [Test]
    public void T_042_create_whose_answer_cannot_be_copied()
    {
        using var first = Generation.Boot();
        var user = new UapiUser(first) { CannotWrite = true };
        Held before = first.Held;
        Assert.That(user.Create("a", out _), Is.EqualTo(LiveUpdateError.BadAddress));
        Assert.That(first.Held, Is.EqualTo(before));
        user.CannotWrite = false;
        Assert.That(user.Create("a"), Is.EqualTo(1));
    }

    [Test]
    public void T_043_session_that_nobody_retrieves_is_lost()
    {
        var log = new CallbackLog();
        using var first = Generation.Boot(new RecordingHandler(log));
        Generation.Preserve(first.Create("a"), 1);
        Generation third = first.Update().Update();
        Refused.With(LiveUpdateError.NotFound, () => third.Retrieve("a"));
        Assert.That(log.Take(), Is.EqualTo("can1 pre1 frz1"));
        using var cold = Generation.Boot(new RecordingHandler(log));
        Assert.That(third.Held, Is.EqualTo(cold.Held), "no page is left of it");
    }

    [Test]
    public void T_044_session_that_nobody_finishes_is_lost()
    {
        using var first = Generation.Boot();
        first.Create("a");
        Generation second = first.Update();
        second.Retrieve("a");
        Refused.With(LiveUpdateError.NotFound, () => second.Update().Retrieve("a"));
    }

    [Test]
    public void Hand_over_refuses_to_lose_sessions_unless_told_so()
    {
        using var first = Generation.Boot();
        first.Create("a");
        first.Create("b");
        Generation second = first.Update(new LiveUpdateOptions());
        second.Retrieve("b");
        Assert.That(
            () => second.Stop(),
            Throws.InvalidOperationException.With.Message.Contains("a, b").And.Message.Contains("DiscardUnfinished"));
        using (Session a = second.Retrieve("a"))
            a.Finish();
        Assert.That(() => second.Stop(), Throws.InvalidOperationException.With.Message.Not.Contains("a, b"));
    }

    [Test]
    public void T_045_session_ends_with_its_last_descriptor()
    {
        var log = new CallbackLog();
        using var first = Generation.Boot(new RecordingHandler(log));
        var user = new UapiUser(first);
        int session = user.Create("a");
        Assert.That(user.Dispatcher.Duplicate(session, out int duplicate), Is.EqualTo(LiveUpdateError.None));
        Assert.That(user.Close(session), Is.EqualTo(LiveUpdateError.None));
        Assert.That(user.Preserve(duplicate, user.Install(new TestFile(1)), 1), Is.EqualTo(LiveUpdateError.None));
        Assert.That(log.Take(), Is.EqualTo("can1 pre1"));
        Assert.That(user.Close(duplicate), Is.EqualTo(LiveUpdateError.None));
        Assert.That(log.Take(), Is.EqualTo("unp1"));
        Assert.That(user.Close(duplicate), Is.EqualTo(LiveUpdateError.BadDescriptor));
    }

    [Test]
    public void T_046_image_with_one_name_twice()
    {
        using var first = Generation.Boot();
        first.Create("a");
        first.Create("b");
        HandedOverImage image = first.Stop();
        image.Session(1).Name[0] = (byte)'a';
        Generation second = image.Boot();
        LiveUpdateException refusal = Refused.With(LiveUpdateError.InputOutput, () => second.Luo.OpenDevice());
        Assert.That(((LiveUpdateImageException)refusal.InnerException!).Error, Is.EqualTo(LiveUpdateError.Exists));
    }

    [Test]
    public void T_047_image_with_a_name_without_an_end()
    {
        using var first = Generation.Boot();
        first.Create("a");
        HandedOverImage image = first.Stop();
        ((Span<byte>)image.Session(0).Name).Fill((byte)'x');
        Generation second = image.Boot();
        Assert.That(second.Retrieve(new string('x', 63)).Name, Is.EqualTo(new string('x', 63)));
        second.Device.Dispose();
        var user = new UapiUser(second);
        byte[] full = Enumerable.Repeat((byte)'x', 64).ToArray();
        Assert.That(user.RetrieveSession(full, out _), Is.EqualTo(LiveUpdateError.NotFound));
    }
}
