using System.Runtime.Versioning;
using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Handover;

/// <summary>What is concluded of what a service manager says, also of settings that only a newer one has.</summary>
[Platform(Include = "Linux", Reason = "Only Linux has systemd.")]
[SupportedOSPlatform("linux")]
[Parallelizable(ParallelScope.All)]
public sealed class ServiceManagerExamineTests
{
    private static readonly ServiceState s_good = new(
        "a.service", 8, 3, "main", Environment.ProcessId, "restart", "always", StartLimit: null, OpenFiles: 1024);

    [Test]
    public void A_good_unit_has_no_finding() => Assert.That(Examine(s_good), Is.Empty);

    [Test]
    public void What_is_taken_is_not_there() => Assert.That(
        Examine(s_good with { Stored = 8 }),
        Is.EqualTo(new[]
        {
            "Blocking fdstore-too-small: This update needs room for 1 descriptors, and the file descriptor store of a.service has it for 8, of which 8 " +
            "are taken. Set FileDescriptorStoreMax=9 or more in the unit.",
        }));

    [Test]
    public void A_store_that_is_not_preserved_is_refused() => IsFound(s_good with { Preserve = "no" }, "Blocking fdstore-not-preserved: ");

    [TestCase("exec")]
    [TestCase("all")]
    public void Another_process_than_the_main_one_is_warned_of_where_it_is_listened_to(string access) =>
        IsFound(s_good with { NotifyAccess = access, MainProcess = 1 }, "Warning notify-not-main-process: ");

    [Test]
    public void Another_process_than_the_main_one_is_refused_where_it_is_not() =>
        IsFound(s_good with { MainProcess = 0 }, "Blocking notify-not-main-process: ");

    [Test]
    public void Too_few_numbers_to_start_a_process_with_are_refused()
    {
        ServiceState many = s_good with { Max = 1000, Stored = 480, OpenFiles = 1024 };
        IsFound(many, "Blocking service-open-files: To start a process with 481 descriptors the service manager may need 1026 numbers");
        Assert.That(Examine(many with { OpenFiles = 1026 }), Is.Empty);
    }

    [TestCase("no")]
    [TestCase("on-success")]
    public void A_service_that_is_not_started_again_is_warned_of_unless_its_store_stays(string restart)
    {
        IsFound(s_good with { Restart = restart, StartLimit = "5 starts within 10s" }, "Warning service-not-restarted: ");
        Assert.That(Examine(s_good with { Restart = restart, Preserve = "yes" }), Is.Empty);
    }

    [Test]
    public void A_start_limit_is_told_of_unless_the_store_stays()
    {
        ServiceState limited = s_good with { StartLimit = "5 starts within 10s" };
        IsFound(limited, "Information service-start-limit: ");
        Assert.That(Examine(limited with { Preserve = "yes" }), Is.Empty);
    }

    private static void IsFound(ServiceState state, string finding) =>
        Assert.That(Examine(state), Has.Length.EqualTo(1).And.All.StartsWith(finding));

    private static string[] Examine(ServiceState state)
    {
        using Generation generation = Generation.Boot(new RecordingHandler(new CallbackLog()));
        return [.. ServiceManagerPreflight.Examine(generation.Engine, new ServiceManagerOptions(), state, null).Select(static finding => $"{finding.Severity} {finding}")];
    }
}
