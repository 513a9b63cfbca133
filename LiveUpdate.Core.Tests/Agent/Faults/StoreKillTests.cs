using System.Runtime.Versioning;

namespace LiveUpdate.Tests.Agent.Faults;

/// <summary>Some of the stores of each operation; <c>store-kills</c> has all.</summary>
[Platform(Include = "Linux", Reason = "The agent runs on Linux only.")]
[SupportedOSPlatform("linux")]
[Parallelizable(ParallelScope.All)]
public sealed class StoreKillTests
{
    private const int Step = 7;

    private static IEnumerable<string> Operations => StoreKills.Operations.Keys;

    [TestCaseSource(nameof(Operations))]
    public async Task An_agent_that_dies_at_a_store_has_carried_the_request_out_or_does_so_when_it_is_back(string operation)
    {
        int first = Random.Shared.Next(1, Step);
        TestContext.Out.WriteLine($"from store {first} on, every {Step}th");
        Assert.That(await StoreKills.RunAsync(operation, first, Step), Is.Not.Negative);
    }
}
