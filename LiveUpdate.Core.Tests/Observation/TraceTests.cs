using LiveUpdate.Tests.Handover;

namespace LiveUpdate.Tests.Observation;

/// <summary>One trace over both processes of an update.</summary>
[Platform(Include = "Linux", Reason = "Only Linux passes descriptors and pidfds.")]
public sealed class TraceTests
{
    [Test]
    public void A_successors_boot_is_part_of_the_trace_of_the_hand_over()
    {
        Dictionary<string, Traced> activities = Run("successor");
        Assert.That(activities.Keys, Is.EquivalentTo((string[])["root", "liveupdate.handover", "liveupdate.boot"]));
        Assert.That(activities["liveupdate.handover"].Parent, Is.EqualTo(activities["root"].Span));
        Assert.That(activities["liveupdate.boot"].Parent, Is.EqualTo(activities["liveupdate.handover"].Span));
        Assert.That(activities.Values.Select(static activity => activity.Trace).Distinct().Count(), Is.EqualTo(1));
    }

    [Test]
    public void After_an_exec_the_boot_has_the_trace_of_a_hand_over_that_nobody_could_end()
    {
        Dictionary<string, Traced> activities = Run("exec");
        Assert.That(activities.Keys, Is.EquivalentTo((string[])["root", "liveupdate.boot"]));
        Assert.That(activities["liveupdate.boot"].Trace, Is.EqualTo(activities["root"].Trace));
        Assert.That(activities["liveupdate.boot"].Parent, Is.Not.EqualTo(activities["root"].Span));
    }

    private static Dictionary<string, Traced> Run(string target)
    {
        (int exitCode, string[] lines, string[] errors) = HostFamily.Run("traced", target);
        Assert.That(errors, Is.Empty);
        Assert.That(exitCode, Is.Zero);
        return lines.Select(static line => line.Split(' ')).ToDictionary(
            static words => words[0], static words => new Traced(words[2], words[4], words[6]), StringComparer.Ordinal);
    }

    private sealed record Traced(string Trace, string Parent, string Span);
}
