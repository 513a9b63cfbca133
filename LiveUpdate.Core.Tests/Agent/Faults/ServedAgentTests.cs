using System.Runtime.Versioning;
using LiveUpdate.Tests.Handover;

namespace LiveUpdate.Tests.Agent.Faults;

/// <summary>luod as a service of a real systemd, in whose store everything lies that it holds.</summary>
[Platform(Include = "Linux", Reason = "Only Linux has systemd.")]
[SupportedOSPlatform("linux")]
[Parallelizable(ParallelScope.Self)]
public sealed class ServedAgentTests
{
    [Test]
    public void Killed_and_restarted_it_goes_on_with_its_clients_and_stopped_it_does_not()
    {
        Assert.That(ServiceManagerLab.Lines("served-agent"), Is.EqualTo(new[]
        {
            "preserve 1",
            "preserve 2",
            "same process False",
            "preserve 3",
            "same process False",
            "create s: Exists",
            "preserve 4",
            "preserve it as 5: Busy",
            "stored 9",
            "keeps True, sessions 1, files 4",
            "preserve 6: ConnectionReset",
        }));
    }
}
