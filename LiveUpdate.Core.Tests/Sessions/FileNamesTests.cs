using LiveUpdate.Tests.Infrastructure;
using Microsoft.Extensions.Logging;

namespace LiveUpdate.Tests.Sessions;

/// <summary>The library's names of files beside the kernel's tokens, and what nobody claims.</summary>
internal sealed class FileNamesTests
{
    private readonly CallbackLog _log = new();

    [Test]
    public void Names_are_listed_on_both_sides_and_files_without_one_have_none()
    {
        using Generation first = Generation.Boot(new RecordingHandler(_log));
        Session one = first.Create("one");
        Session two = first.Create("two");
        one.Preserve(1, new TestFile(1), "guest ram");
        one.Preserve(2, new TestFile(2));
        two.Preserve(1, new TestFile(3), "gästeliste");
        two.Preserve(2, new TestFile(4), "guest ram");
        Assert.That(NamesOf(one), Is.EqualTo((string?[])["guest ram", null]));
        Generation second = first.Update();
        Assert.That(NamesOf(second.Retrieve("one")), Is.EqualTo((string?[])["guest ram", null]));
        Session again = second.Retrieve("two");
        Assert.That(NamesOf(again), Is.EqualTo((string?[])["gästeliste", "guest ram"]));
        again.Retrieve(1);
        Assert.That(NamesOf(again), Is.EqualTo((string?[])["gästeliste", "guest ram"]));
    }

    [Test]
    public void Many_names_go_over_many_blocks_and_a_closed_session_takes_its_own_away()
    {
        using Generation first = Generation.Boot(4 << 20, new RecordingHandler(_log));
        Held held = first.Held;
        Session gone = first.Create("gone");
        Session stays = first.Create("stays");
        for (int i = 0; i < 200; i++)
        {
            gone.Preserve(Token.From(i), new TestFile(i), $"gone {i}");
            stays.Preserve(Token.From(i), new TestFile(1000 + i), $"stays {i}");
        }

        gone.Dispose();
        stays.Preserve(1000, new TestFile(5000), "in a free place");
        Generation second = first.Update();
        string?[] expected = [.. Enumerable.Range(0, 200).Select(static i => $"stays {i}"), "in a free place"];
        using (Session session = second.Retrieve("stays"))
        {
            Assert.That(NamesOf(session), Is.EqualTo(expected));
            session.Finish();
        }

        Generation third = second.Update();
        Assert.That(third.Held.Pages, Is.EqualTo(held.Pages));
    }

    [Test]
    public void Names_that_nobody_asks_for_are_dropped_with_their_generation()
    {
        using Generation first = Generation.Boot(new RecordingHandler(_log));
        first.Create("session").Preserve(1, new TestFile(1), "name");
        Generation second = first.Update();
        second.Retrieve("session").Finish();
        Generation third = second.Update();
        Assert.That(third.Held.Pages, Does.Not.Contain("names").And.EndWith("unrestored: 0"));
    }

    [TestCase("")]
    [TestCase("a\0b")]
    [TestCase("0123456789012345678901234567890123456789012345678901234567890123")]
    public void A_name_that_does_not_fit_is_misuse_and_leaves_nothing(string name)
    {
        using Generation generation = Generation.Boot(new RecordingHandler(_log));
        Session session = generation.Create("session");
        Held held = generation.Held;
        Assert.That(() => session.Preserve(1, new TestFile(1), name), Throws.ArgumentException);
        Assert.That(() => session.Preserve(1, new TestFile(1), null!), Throws.ArgumentNullException);
        Assert.That(session.GetFiles(), Is.Empty);
        Assert.That(generation.Held, Is.EqualTo(held));
    }

    [Test]
    public void A_file_that_is_refused_takes_its_name_along()
    {
        using Generation generation = Generation.Boot(new RecordingHandler(_log));
        Session session = generation.Create("session");
        Held held = generation.Held;
        _log.Fail("pre1");
        Refused.With(LiveUpdateError.InputOutput, () => session.Preserve(1, new TestFile(1), "name"));
        Assert.That(generation.Held, Is.EqualTo(held));
        _log.Heal("pre1");
        session.Preserve(1, new TestFile(1), "name");
        Refused.With(LiveUpdateError.Exists, () => session.Preserve(1, new TestFile(2), "other"));
        Assert.That(NamesOf(session), Is.EqualTo((string?[])["name"]));
    }

    [Test]
    public void An_incoming_session_takes_no_named_file()
    {
        using Generation first = Generation.Boot(new RecordingHandler(_log));
        first.Create("session");
        Session session = first.Update().Retrieve("session");
        Refused.With(LiveUpdateError.InvalidArgument, () => session.Preserve(1, new TestFile(1), "name"));
    }

    [Test]
    [Platform(Include = "Linux", Reason = "Descriptors travel on Linux.")]
    public void What_nobody_claimed_is_reported_and_closed_with_the_last_session()
    {
        var logger = new ListLogger(LogLevel.Warning);
        using var file = new System.IO.Pipes.AnonymousPipeServerStream();
        using Generation first = Generation.Boot(new RecordingHandler(_log));
        Session one = first.Create("one");
        one.Preserve(1, new TestFile(1), "the name of it");
        first.Create("two");
        first.Luo.Descriptors.Add(file.SafePipeHandle);
        LiveUpdateOptions options = Generation.Options(new RecordingHandler(_log));
        options.Logger = logger;
        Generation second = first.Update(options);
        Assert.That(second.Luo.Descriptors.IncomingCount, Is.EqualTo(1));
        second.Retrieve("one").Finish();
        Assert.That(second.Luo.Descriptors.IncomingCount, Is.EqualTo(1));
        Assert.That(logger.Messages.Single(), Does.Contain("\"one\"").Or.Contain("one").And.Contain("the name of it"));
        second.Retrieve("two").Finish();
        Assert.That(second.Luo.Descriptors.IncomingCount, Is.Zero);
        Assert.That(logger.Messages[^1], Does.StartWith("1 descriptors"));
    }

    private static string?[] NamesOf(Session session) => [.. session.GetFiles().Select(static file => file.Name)];
}
