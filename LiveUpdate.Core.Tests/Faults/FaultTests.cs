namespace LiveUpdate.Tests.Faults;

/// <summary>Every step of a life that can fail does so once, and once together with the step after it, which may be part of the way back.</summary>
public class FaultTests
{
    [TestCase(1)]
    [TestCase(2)]
    public void Every_callback_may_throw(int inARow) => Survives(FaultKind.Callback, inARow, 150);

    [TestCase(1)]
    public void Every_allocation_of_preserved_memory_may_fail(int inARow) => Survives(FaultKind.Allocation, inARow, 100);

    [TestCase(1)]
    public void Every_allocation_of_a_record_may_fail(int inARow) => Survives(FaultKind.Record, inARow, 15);

    private static void Survives(FaultKind kind, int inARow, int leastSteps)
    {
        var tally = new FaultTally();
        int steps = tally.LiveThrough(kind, inARow);
        TestContext.Out.WriteLine($"{steps} steps, {tally.Lives} lives, {tally.Faults} faults");
        Assert.That(tally.Findings, Is.Empty);
        Assert.That(steps, Is.GreaterThan(leastSteps), "the life has steps that can fail");
    }
}
