using System.Runtime.Versioning;

namespace LiveUpdate.Tests.Agent.Faults;

/// <summary>Some of the stores of each operation; <c>store-kills</c> has all.</summary>
[Platform(Include = "Linux", Reason = "The agent runs on Linux only.")]
[SupportedOSPlatform("linux")]
[Parallelizable(ParallelScope.All)]
public sealed class StoreKillTests
{
    private const int Step = 24;
    private const int MostFirst = 12;

    [Test]
    public async Task An_agent_that_dies_at_a_store_has_carried_the_request_out_or_does_so_when_it_is_back()
    {
        int seed = Random.Shared.Next();
        var random = new Random(seed);
        Dictionary<string, int> first = StoreKills.Operations.Keys.ToDictionary(static operation => operation, _ => random.Next(1, MostFirst));
        TestContext.Out.WriteLine($"every {Step}th store, from {string.Join(", ", first)}");
        IReadOnlyList<(string Operation, long Kills)> kills = await StoreKills.RunAsync(first.Keys, operation => first[operation], Step, static () => true);
        TestContext.Out.WriteLine($"killed {string.Join(", ", kills)}");
        Assert.That(kills, Has.All.Matches<(string, long Kills)>(static one => one.Kills > 0), "None makes fewer stores than that.");
    }
}
