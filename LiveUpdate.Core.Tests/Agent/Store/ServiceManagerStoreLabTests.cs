using System.Runtime.Versioning;
using LiveUpdate.Tests.Handover;

namespace LiveUpdate.Tests.Agent.Store;

/// <summary>An agent's descriptors in the store of a real systemd, over its deaths.</summary>
[Platform(Include = "Linux", Reason = "Only Linux has systemd.")]
[SupportedOSPlatform("linux")]
[Parallelizable(ParallelScope.Self)]
public sealed class ServiceManagerStoreLabTests
{
    [Test]
    public void What_was_stored_and_not_removed_comes_back_after_each_death_and_others_keep_theirs()
    {
        Assert.That(ServiceManagerLab.Lines("stored-agent"), Is.EqualTo(new[]
        {
            "life 1: given , others' , capacity 6",
            "life 2: given c0=12 c1=11 life=1, others' others, capacity 5",
            "finding: Warning fdstore-too-small",
            "refused with NoSpace",
            "refused with NotSupported",
            "settled: closed",
            "life 3: given c0=12 f1=30 f3=32 life=2, others' others, capacity 5",
            "life 4: given , others' others, capacity 5",
        }));
    }

    [Test]
    public void A_service_whose_store_is_off_has_none() =>
        Assert.That(ServiceManagerLab.Lines("unstored-agent"), Is.EqualTo(new[] { "no store: agent-keeps-nothing" }));
}
