using System.Runtime.Versioning;
using LiveUpdate.Agent;
using LiveUpdate.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Tests.Agent.Faults;

/// <summary>What was retrieved of a session that is not finished stays retrieved, whatever becomes of the agent.</summary>
[Platform(Include = "Linux", Reason = "The agent runs on Linux only.")]
[SupportedOSPlatform("linux")]
[Parallelizable(ParallelScope.All)]
public sealed class RetrievedFileTests
{
    [Test]
    public async Task Files_are_listed_as_retrieved_and_stay_busy_over_a_death([Values] bool isParked)
    {
        await using LuodProcess luod = await LuodProcess.StartKeptAsync();
        await using AgentClient client = await luod.ConnectAsync();
        using AgentDevice device = AgentDevice.Connect(luod.Directory, new AgentDeviceOptions { RequestTimeout = TimeSpan.FromMinutes(1) });
        using SafeFileHandle first = new TestMemfd().Handle;
        using SafeFileHandle second = new TestMemfd().Handle;
        using (Session outgoing = device.CreateSession("came"))
        {
            outgoing.Preserve(7, first);
            outgoing.Preserve(3, second);
            Assert.That(await client.ListFilesAsync(outgoing.SessionName, isIncoming: false), Is.EqualTo(Files(isRetrieved: false)));
            await client.UpdateAsync();
        }

        Session came = device.RetrieveSession("came");
        came.Retrieve<SafeFileHandle>(7).Dispose();
        if (isParked)
            came.Dispose();
        await CheckAsync("before the death");
        await luod.KillAgentAsync();
        await CheckAsync("after it");
        if (isParked)
            came = await Eventually.GetAsync(() => device.RetrieveSession("came"), LiveUpdateError.InvalidArgument);
        came.Retrieve<SafeFileHandle>(7).Dispose();
        came.Finish();
        using Session last = device.CreateSession("last");
        Assert.That(() => last.Preserve(1, first), Throws.Nothing);
        came.Dispose();

        async Task CheckAsync(string when)
        {
            await using AgentClient another = await luod.ConnectAsync();
            Assert.That(await another.ListFilesAsync(came.SessionName, isIncoming: true), Is.EqualTo(Files(isRetrieved: true)), when);
            using Session session = device.CreateSession("probe");
            Refused.With(LiveUpdateError.Busy, () => session.Preserve(1, first));
            Assert.That(() => session.Preserve(2, second), Throws.Nothing, $"It was not retrieved: {when}");
        }

        static AgentFileInfo[] Files(bool isRetrieved) => [new(7, 0, isRetrieved), new(3, 0, IsRetrieved: false)];
    }
}
