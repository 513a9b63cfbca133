using System.Runtime.Versioning;
using LiveUpdate.Tests.Handover;
using LiveUpdate.Tests.Infrastructure;
using LiveUpdate.Tests.Rewriting;

namespace LiveUpdate.Tests.Faults;

/// <summary>System calls of a hand-over that fail, in real processes: some of each kind, from a number that the seed chooses.</summary>
[Platform(Include = "Linux", Reason = "Only Linux passes descriptors and pidfds.")]
[Parallelizable(ParallelScope.All)]
public sealed class CallFaultTests
{
    private const int Step = 191;

    /// <summary>The ways and sides, and how their calls fail.</summary>
    public static IEnumerable<(string Way, string Side, string Error)> Cases =>
    [
        ("start", "old", "errno"),
        ("start", "new", "errno"),
        ("adopt", "old", "errno"),
        ("adopt", "new", "errno"),
        ("exec", "old", "errno"),
        ("exec", "new", "errno"),
        ("start", "old", "interrupted"),
        ("start", "new", "interrupted"),
        ("adopt", "old", "interrupted"),
        ("adopt", "new", "interrupted"),
    ];

    [Test]
    public void A_call_that_fails_calls_the_handover_off_or_does_no_harm()
    {
        int seed = Random.Shared.Next();
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        using var library = new RewrittenLibrary(FaultyCalls.Instrument);
        foreach ((string way, string side, string error) in Cases.Where(static one => one.Error == "errno"))
        {
            var run = new CallFaultRun(library, way, side, error);
            run.Run(random.Next(Step) + 1, Step);
            TestContext.Out.WriteLine($"{run}: {run.Calls} calls, survived {run.Survived}: {run.Survivors}");
            Assert.That(run.Findings, Is.Empty);
        }
    }

    [TestCase("old", 41)]
    [TestCase("new", 9)]
    [SupportedOSPlatform("linux")]
    public void A_call_that_fails_beside_a_service_manager_loses_nothing(string side, int step)
    {
        if (ServiceManagerLab.WhyNot is { } reason)
            Skip.Because(reason);
        int first = Random.Shared.Next(step) + 1;
        TestContext.Out.WriteLine($"from {first} in steps of {step}");
        using var library = new RewrittenLibrary(FaultyCalls.Instrument);
        var run = new StoredFaultRun(library, side);
        run.Run(first, step);
        Assert.That(run.Findings, Is.Empty);
        Assert.That(run.Calls, Is.Positive);
    }

    // The old process waited for the end of the new one, which served by then; and in a rehearsal for ever.
    [TestCase("old")]
    [TestCase("new")]
    public void A_message_that_cannot_be_sent_does_not_keep_the_old_process(string side)
    {
        using var library = new RewrittenLibrary(FaultyCalls.Instrument);
        var run = new CallFaultRun(library, "start", side, "Sendmsg");
        run.Run(1, 1);
        TestContext.Out.WriteLine($"{run}: {run.Calls} calls, survived {run.Survived}: {run.Survivors}");
        Assert.That(run.Findings, Is.Empty);
        Assert.That(run.Calls, Is.GreaterThan(4));
    }
}
