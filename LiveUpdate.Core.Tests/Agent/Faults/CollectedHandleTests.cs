using System.Runtime.Versioning;
using LiveUpdate.Agent;

namespace LiveUpdate.Tests.Agent.Faults;

/// <summary>What came with an update has one owner: no finalizer closes a descriptor that is in use.</summary>
[Platform(Include = "Linux", Reason = "The agent runs on Linux only.")]
[SupportedOSPlatform("linux")]
[Parallelizable(ParallelScope.All)]
internal sealed class CollectedHandleTests
{
    private const int Updates = 2;
    private const int Connections = 300;

    [Test]
    public async Task A_successor_listens_whatever_the_collector_does()
    {
        await using LuodProcess luod = await LuodProcess.StartCollectingAsync();
        await using AgentClient first = await luod.ConnectAsync();
        for (int update = 1; update <= Updates; update++)
        {
            AgentUpdateResult result = await first.UpdateAsync();
            Assert.That(result.Generation, Is.EqualTo((ulong)update));

            // Enough requests for collections, and new connections all the while.
            for (int i = 0; i < Connections; i++)
            {
                using AgentDevice device = AgentDevice.Connect(luod.Directory);
                device.CreateSession($"s-{i}").Dispose();
            }
        }
    }
}
