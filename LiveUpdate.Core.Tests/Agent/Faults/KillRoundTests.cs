using System.Runtime.Versioning;
using LiveUpdate.Tests.Soak;

namespace LiveUpdate.Tests.Agent.Faults;

/// <summary>The short form of <see cref="KillRounds"/>.</summary>
[Platform(Include = "Linux", Reason = "The agent runs on Linux only.")]
[SupportedOSPlatform("linux")]
[Parallelizable(ParallelScope.All)]
public sealed class KillRoundTests
{
    [Test]
    public async Task Clients_go_on_over_the_deaths_of_their_agent()
    {
        SoakResult result = await KillRounds.RunAsync(new SoakArguments(TimeSpan.FromSeconds(8), 10, Random.Shared.Next()));
        TestContext.Out.WriteLine(result);
        Assert.That(result.Findings, Is.Empty);
    }
}
