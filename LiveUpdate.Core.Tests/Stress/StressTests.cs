using LiveUpdate.Tests.Soak;

namespace LiveUpdate.Tests.Stress;

/// <summary>Sixteen threads over one orchestrator through some generations.</summary>
public class StressTests
{
    private const int Generations = 20;

    [Test]
    public void Sixteen_threads_lose_nothing_through_hand_overs()
    {
        SoakResult result = StressRun.Run(new SoakArguments(TimeSpan.MaxValue, Generations, Random.Shared.Next()));
        TestContext.Out.WriteLine(result);
        Assert.That(result.Findings, Is.Empty, string.Join('\n', result.Findings));
    }
}
