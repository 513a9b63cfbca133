using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Files;

/// <summary>Retrieve: reference 7.6, T-120 to T-126, and T-135 and T-139.</summary>
public class RetrieveScenarios
{
    private CallbackLog _log = null!;
    private Generation _first = null!;

    [SetUp]
    public void SetUp()
    {
        _log = new CallbackLog();
        _first = Generation.Boot(new RecordingHandler(_log));
    }

    [TearDown]
    public void TearDown() => _first.Dispose();

    [Test]
    public void T_120_files_are_retrieved_in_any_order_with_their_frozen_handles()
    {
        Session session = Incoming(1, 2, 3);
        foreach (ulong token in new ulong[] { 2, 1, 3 })
            Assert.That(session.Retrieve<TestFile>(token).Number, Is.EqualTo((int)token));
        Assert.That(_log.Take(), Is.EqualTo("ret2 ret1 ret3"));
        Assert.That(new[] { 1, 2, 3 }.Select(number => _log.Last($"ret{number}").Data), Is.EqualTo([11001UL, 11002UL, 11003UL]));
        Assert.That(_log.Last("ret1").Object, Is.Null);
    }

    [Test]
    public void T_121_a_file_is_retrieved_once_and_given_out_again_and_again()
    {
        Session session = Incoming(1);
        object file = session.Retrieve(1);
        Assert.That(session.Retrieve(1), Is.SameAs(file));
        Assert.That(session.TryRetrieve(1, out TestFile? again), Is.True);
        Assert.That(again, Is.SameAs(file));
        Assert.That(_log.Take(), Is.EqualTo("ret1"));
    }

    [Test]
    public void T_122_an_unknown_token_names_no_file()
    {
        Session session = Incoming(1);
        LiveUpdateException refusal = Refused.With(LiveUpdateError.NotFound, () => session.Retrieve(99));
        Assert.That((refusal.Session, refusal.Token), Is.EqualTo(("s", (Token?)99)));
        Assert.That(session.TryRetrieve<TestFile>(99, out _), Is.False);
        Assert.That(_log.Take(), Is.Empty);
    }

    [Test]
    public void T_123_a_failed_retrieve_stays_failed()
    {
        Session session = Incoming(1);
        _log.Fail("ret1");
        LiveUpdateException first = Refused.With(LiveUpdateError.InputOutput, () => session.Retrieve(1));
        _log.Heal("ret1");
        LiveUpdateException second = Refused.With(LiveUpdateError.InputOutput, () => session.Retrieve(1));
        Refused.With(LiveUpdateError.InputOutput, () => session.TryRetrieve<TestFile>(1, out _));
        Assert.That(_log.Take(), Is.EqualTo("ret1"));
        Assert.That(second.InnerException, Is.SameAs(first));
        Assert.That((second.Session, second.Token, second.Handler), Is.EqualTo(("s", (Token?)1, "test-v1")));
        Assert.That(session.GetFiles()[0].Status, Is.EqualTo(FileStatus.Failed));
    }

    [Test]
    public void T_124_without_a_free_descriptor_no_callback_runs()
    {
        var user = new UapiUser(IncomingWithDeviceClosed(1));
        int session = user.RetrieveSession("s");
        user.Dispatcher.DescriptorLimit = 2;
        Assert.That(user.Retrieve(session, 1, out _), Is.EqualTo(LiveUpdateError.TooManyFiles));
        Assert.That(_log.Take(), Is.Empty);
        user.Dispatcher.DescriptorLimit = 3;
        Assert.That(user.Retrieve(session, 1, out int file), Is.EqualTo(LiveUpdateError.None));
        Assert.That(file, Is.EqualTo(2));
        Assert.That(_log.Take(), Is.EqualTo("ret1"));
    }

    [Test]
    public void T_125_after_a_failed_answer_the_token_is_retrieved_again_without_a_callback()
    {
        var user = new UapiUser(IncomingWithDeviceClosed(1));
        int session = user.RetrieveSession("s");
        user.CannotWrite = true;
        Assert.That(user.Retrieve(session, 1, out _), Is.EqualTo(LiveUpdateError.BadAddress));
        user.CannotWrite = false;
        Assert.That(user.Retrieve(session, 1, out int file), Is.EqualTo(LiveUpdateError.None));
        Assert.That(file, Is.EqualTo(2));
        Assert.That(_log.Take(), Is.EqualTo("ret1"));
    }

    [Test]
    public void T_126_after_the_close_of_its_descriptor_a_file_is_given_out_again()
    {
        var user = new UapiUser(IncomingWithDeviceClosed(1));
        int session = user.RetrieveSession("s");
        user.Retrieve(session, 1, out int file);
        Assert.That(user.Close(file), Is.EqualTo(LiveUpdateError.None));
        Assert.That(user.Retrieve(session, 1, out int again), Is.EqualTo(LiveUpdateError.None));
        Assert.That(again, Is.EqualTo(file));
        Assert.That(_log.Take(), Is.EqualTo("ret1"));
    }

    [Test]
    public void T_135_a_retrieved_object_is_preserved_again_after_its_session_is_finished()
    {
        Generation next = Update(1);
        Session session = next.Retrieve("s");
        var file = session.Retrieve<TestFile>(1);
        Session created = next.Create("n");
        Held before = next.Held;
        Refused.With(LiveUpdateError.Busy, () => created.Preserve(1, file));
        Assert.That(next.Held, Is.EqualTo(before));
        session.Finish();
        Assert.That(next.Held.Ids, Is.Zero);
        created.Preserve(1, file);
        Assert.That(next.Held.Ids, Is.EqualTo(1));
    }

    [Test]
    public void T_139_a_retrieved_file_goes_on_to_the_third_generation()
    {
        Generation second = Update(1);
        Session session = second.Retrieve("s");
        var file = session.Retrieve<TestFile>(1);
        session.Finish();
        session.Close();
        second.Create("s").Preserve(1, file);
        _log.Take();
        Generation third = second.Update();
        Assert.That(third.Luo.UpdateNumber, Is.EqualTo(2));
        Assert.That(third.Retrieve("s").Retrieve<TestFile>(1).Number, Is.EqualTo(1));
        Assert.That(_log.Take(), Is.EqualTo("frz1 ret1"));
    }

    [Test]
    public void A_file_of_another_type_than_asked_for_stays_retrieved()
    {
        Session session = Incoming(1);
        Assert.That(() => session.Retrieve<Session>(1), Throws.TypeOf<InvalidCastException>());
        Assert.That(() => session.TryRetrieve<string>(1, out _), Throws.TypeOf<InvalidCastException>());
        Assert.That(session.Retrieve<object>(1), Is.TypeOf<TestFile>());
        Assert.That(_log.Take(), Is.EqualTo("ret1"));
    }

    private Generation Update(params int[] numbers)
    {
        Generation.Preserve(_first.Create("s"), numbers);
        Generation next = _first.Update();
        _log.Take();
        return next;
    }

    private Session Incoming(params int[] numbers) => Update(numbers).Retrieve("s");

    /// <summary>The next generation with its device closed, for a user of requests.</summary>
    private Generation IncomingWithDeviceClosed(params int[] numbers)
    {
        Generation next = Update(numbers);
        next.Device.Dispose();
        return next;
    }
}
