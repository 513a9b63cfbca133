using System.Text;
using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Sessions;

/// <summary>Reference 7.2: sessions.</summary>
public class SessionScenarios
{
    [Test]
    public void T_020_two_sessions_are_made_and_closed()
    {
        using var first = Generation.Boot();
        Held before = first.Held;
        Session a = first.Create("a");
        Session b = first.Create("b");
        Assert.That(first.Engine.Outgoing.Count, Is.EqualTo(2));
        a.Close();
        b.Close();
        Assert.That(first.Held, Is.EqualTo(before));
        Assert.That(() => a.GetFiles(), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(b.Close, Throws.Nothing);
    }

    [Test]
    public void T_021_name_in_use()
    {
        var log = new CallbackLog();
        using var first = Generation.Boot(new RecordingHandler(log));
        Session a = first.Create("a");
        LiveUpdateException refusal = Refused.With(LiveUpdateError.Exists, () => first.Create("a"));
        Assert.That(refusal.Session, Is.EqualTo("a"));
        Generation.Preserve(a, 1);
        Assert.That(log.Take(), Is.EqualTo("can1 pre1"));
    }

    [Test]
    public void T_022_closing_frees_the_name()
    {
        using var first = Generation.Boot();
        first.Create("a").Close();
        Assert.That(first.Create("a").Name, Is.EqualTo("a"));
    }

    [Test]
    public void T_023_empty_name()
    {
        using var first = Generation.Boot();
        Refused.With(LiveUpdateError.InvalidArgument, () => first.Create(""));
        Assert.That(() => first.Device.CreateSession(default(SessionName)), Throws.ArgumentException);
        first.Device.Dispose();
        Assert.That(new UapiUser(first).Create("", out _), Is.EqualTo(LiveUpdateError.InvalidArgument));
    }

    [Test]
    public void T_024_name_of_64_bytes()
    {
        using var first = Generation.Boot();
        Refused.With(LiveUpdateError.InvalidArgument, () => first.Create(new string('x', 64)));
        Refused.With(LiveUpdateError.InvalidArgument, () => first.Create(new string('é', 32)));
        Refused.With(LiveUpdateError.InvalidArgument, () => first.Create("a\0b"));
        first.Device.Dispose();
        byte[] name = Enumerable.Repeat((byte)'x', 64).ToArray();
        Assert.That(new UapiUser(first).Create(name, out _), Is.EqualTo(LiveUpdateError.InvalidArgument));
    }

    [Test]
    public void T_025_name_of_63_bytes()
    {
        byte[] name = Enumerable.Range(0, 63).Select(static i => (byte)(0xC0 + i)).ToArray();
        using var first = Generation.Boot();
        var user = new UapiUser(first);
        Assert.That(user.Create(name, out int session), Is.EqualTo(LiveUpdateError.None));
        Assert.That(user.GetName(session, out byte[] answer), Is.EqualTo(LiveUpdateError.None));
        Assert.That(answer, Is.EqualTo((byte[])[.. name, 0]), "any bytes, not only UTF-8");
        Assert.That(user.Close(user.Device), Is.EqualTo(LiveUpdateError.None));
        Assert.That(first.Create(new string('é', 31) + "x").Name, Is.EqualTo(new string('é', 31) + "x"));
    }

    [Test]
    public void T_026_rest_of_the_name_is_zero()
    {
        using var first = Generation.Boot();
        var user = new UapiUser(first);
        Assert.That(user.GetName(user.Create("vm-42"), out byte[] answer), Is.EqualTo(LiveUpdateError.None));
        Assert.That(answer, Is.EqualTo(Encoding.UTF8.GetBytes("vm-42".PadRight(64, '\0'))));
    }

    [Test]
    public void T_027_get_name_with_a_reserved_field()
    {
        using var first = Generation.Boot();
        var user = new UapiUser(first);
        Assert.That(user.GetName(user.Create("a"), out _, reserved: 1), Is.EqualTo(LiveUpdateError.InvalidArgument));
    }

    [Test]
    public void T_028_no_descriptor_wins_over_the_name()
    {
        using var first = Generation.Boot();
        var user = new UapiUser(first);
        user.Dispatcher.DescriptorLimit = 1;
        Assert.That(user.Create("", out _), Is.EqualTo(LiveUpdateError.TooManyFiles));
        Assert.That(user.RetrieveSession("nosuch", out _), Is.EqualTo(LiveUpdateError.TooManyFiles));
        user.Dispatcher.DescriptorLimit = 2;
        Assert.That(user.Create("", out _), Is.EqualTo(LiveUpdateError.InvalidArgument));
        Assert.That(user.Create("a"), Is.EqualTo(1), "the number of the refused request is free again");
    }

    [Test]
    public void T_029_two_thousand_sessions()
    {
        using var first = Generation.Boot();
        Held before = first.Held;
        Session[] sessions = [.. Enumerable.Range(0, 2000).Select(i => first.Create($"s{i}"))];
        Assert.That(first.Engine.Outgoing.BlockCount, Is.EqualTo(40));
        foreach (Session session in sessions)
            session.Close();
        Assert.That(first.Engine.Outgoing.BlockCount, Is.Zero);
        Assert.That(first.Held, Is.EqualTo(before));
    }

    [TestCase(0)]
    [TestCase(25)]
    [TestCase(51)]
    public void T_030_second_block_comes_and_goes(int closed)
    {
        using var first = Generation.Boot();
        List<Session> sessions = [.. Enumerable.Range(0, 51).Select(i => first.Create($"s{i}"))];
        Assert.That(first.Engine.Outgoing.BlockCount, Is.EqualTo(1));
        sessions.Add(first.Create("s51"));
        Assert.That(first.Engine.Outgoing.BlockCount, Is.EqualTo(2));
        sessions[closed].Close();
        Assert.That(first.Engine.Outgoing.BlockCount, Is.EqualTo(1));
    }

    [Test]
    public void T_031_duplicate_create_leaves_no_empty_block()
    {
        using var first = Generation.Boot();
        for (int i = 0; i < 51; i++)
            first.Create($"s{i}");
        Refused.With(LiveUpdateError.Exists, () => first.Create("s7"));
        Assert.That(first.Engine.Outgoing.BlockCount, Is.EqualTo(1));
        Assert.That(first.Update().Device.GetIncomingSessions(), Has.Count.EqualTo(51));
    }

    [Test]
    public void T_032_image_keeps_the_order_of_creation()
    {
        using var first = Generation.Boot();
        first.Create("a");
        Session b = first.Create("b");
        first.Create("c");
        b.Close();
        HandedOverImage image = first.Stop();
        Assert.That(image.Sessions, Is.EqualTo("a() c()"));
        Assert.That(image.Boot().Device.GetIncomingSessions(), Is.EqualTo((string[])["a", "c"]));
    }

    [Test]
    public void T_033_sides_have_names_of_their_own()
    {
        using var first = Generation.Boot();
        first.Create("n");
        Generation second = first.Update();
        Assert.That(second.Create("n").IsIncoming, Is.False);
        Assert.That(second.Retrieve("n").IsIncoming, Is.True);
    }

    [Test]
    public void T_034_session_is_retrieved_once()
    {
        using var first = Generation.Boot();
        first.Create("a");
        first.Create("b");
        Generation second = first.Update();
        second.Retrieve("a");
        Refused.With(LiveUpdateError.InvalidArgument, () => second.Retrieve("a"));
        second.Retrieve("b");
    }

    [Test]
    public void T_035_names_that_match_nothing()
    {
        using var first = Generation.Boot();
        first.Create(new string('x', 63));
        Generation second = first.Update();
        Refused.With(LiveUpdateError.NotFound, () => second.Retrieve("nosuch"));
        Refused.With(LiveUpdateError.NotFound, () => second.Retrieve(""));
        Refused.With(LiveUpdateError.NotFound, () => second.Retrieve(new string('x', 64)));
        Assert.That(second.Device.TryRetrieveSession("nosuch", out _), Is.False);
        second.Device.Dispose();
        var user = new UapiUser(second);
        Assert.That(user.RetrieveSession("nosuch", out _), Is.EqualTo(LiveUpdateError.NotFound));
        Assert.That(user.RetrieveSession("", out _), Is.EqualTo(LiveUpdateError.NotFound));
        byte[] endless = Enumerable.Repeat((byte)'x', 64).ToArray();
        Assert.That(user.RetrieveSession(endless, out _), Is.EqualTo(LiveUpdateError.NotFound));
    }

    [Test]
    public void T_036_name_stays_taken_until_the_close()
    {
        using var first = Generation.Boot();
        first.Create("a");
        Generation second = first.Update();
        Session a = second.Retrieve("a");
        a.Finish();
        Refused.With(LiveUpdateError.InvalidArgument, () => second.Retrieve("a"));
        a.Close();
        Refused.With(LiveUpdateError.NotFound, () => second.Retrieve("a"));
    }

    [Test]
    public void T_037_empty_session()
    {
        var log = new CallbackLog();
        using var first = Generation.Boot(new RecordingHandler(log));
        first.Create("a");
        Generation second = first.Update();
        Held before = second.Held;
        Session a = second.Retrieve("a");
        a.Finish();
        a.Finish();
        a.Close();
        Assert.That(log.Take(), Is.Empty);
        Assert.That(second.Held, Is.EqualTo(before));
        Assert.That(second.Device.GetIncomingSessions(), Is.Empty);
    }
}
