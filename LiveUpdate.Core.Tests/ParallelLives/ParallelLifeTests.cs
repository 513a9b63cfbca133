using LiveUpdate.Tests.Soak;

namespace LiveUpdate.Tests.ParallelLives;

/// <summary>Operations at once on one orchestrator: some order of them explains what each was told. The long form is <c>parallel-lives</c>.</summary>
public class ParallelLifeTests
{
    private const int Lives = 600;

    [Test]
    public void Some_order_explains_what_every_thread_was_told()
    {
        SoakResult result = ConcurrentLives.Run(new SoakArguments(TimeSpan.MaxValue, Lives, Random.Shared.Next()));
        TestContext.Out.WriteLine(result);
        Assert.That(result.Findings, Is.Empty, string.Join('\n', result.Findings));
    }
}
