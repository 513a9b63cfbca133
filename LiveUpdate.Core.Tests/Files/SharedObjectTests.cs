using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Files;

/// <summary>One object that several owners have: busy until the last lets go (reference F-05, R-06, R-25).</summary>
public sealed class SharedObjectTests
{
    [Test]
    public void An_object_of_two_incoming_sessions_is_busy_until_both_are_finished()
    {
        var shared = new object();
        using Generation first = Generation.Boot(new QuietHandler());
        first.Create("s").Preserve(1, new object());
        first.Create("t").Preserve(1, new object());
        Generation second = first.Update(new QuietHandler { Shared = shared });
        Session s = second.Retrieve("s"), t = second.Retrieve("t"), next = second.Create("next");
        Assert.That(s.Retrieve(1), Is.SameAs(shared));
        Assert.That(t.Retrieve(1), Is.SameAs(shared));
        Refused.With(LiveUpdateError.Busy, () => next.Preserve(1, shared));
        s.Finish();
        Refused.With(LiveUpdateError.Busy, () => next.Preserve(1, shared));
        t.Finish();
        next.Preserve(1, shared);
        next.Dispose();
        Assert.That(second.Engine.Sessions.Files.Ids.Count, Is.Zero);
    }

    [Test]
    public void An_object_that_is_preserved_stays_so_when_a_session_that_retrieved_it_is_finished()
    {
        var shared = new object();
        using Generation first = Generation.Boot(new QuietHandler());
        first.Create("s").Preserve(1, new object());
        Generation second = first.Update(new QuietHandler { Shared = shared });
        Session next = second.Create("next");
        next.Preserve(1, shared);
        Session s = second.Retrieve("s");
        Assert.That(s.Retrieve(1), Is.SameAs(shared));
        s.Finish();
        Refused.With(LiveUpdateError.Busy, () => next.Preserve(2, shared));
        next.Dispose();
        Session again = second.Create("next");
        again.Preserve(2, shared);
        Assert.That(second.Engine.Sessions.Files.Ids.Count, Is.EqualTo(1));
    }
}
