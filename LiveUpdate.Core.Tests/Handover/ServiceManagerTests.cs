using System.Runtime.Versioning;
using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Handover;

/// <summary>Services of a real systemd that hand over to it: what <see cref="ServiceManagerLab"/> saw.</summary>
[Platform(Include = "Linux", Reason = "Only Linux has systemd.")]
[SupportedOSPlatform("linux")]
public sealed class ServiceManagerTests
{
    private const string FirstUpdate = "update 1 by service-manager: good True, files 6, descriptors 5, left 0";

    private const string Dropped = "descriptors of an earlier hand-over came from the service manager and are dropped: ";

    [Test]
    public void Two_restarts_keep_memory_and_323_descriptors_and_an_open_connection_loses_no_byte() => Expect(
        "restart",
        "cold",
        "handed over",
        "update 1 by service-manager: good True, files 324, descriptors 323, left 0",
        "handed over",
        "update 2 by service-manager: good True, files 324, descriptors 323, left 0",
        "all bytes back True");

    [Test]
    public void A_service_that_exits_by_itself_is_started_with_what_it_handed_over() =>
        Expect("by-itself", "cold", "preflight ", "handed over", FirstUpdate, "same process False");

    [Test]
    public void A_service_of_another_user_than_root_does_the_same()
    {
        ServiceManagerLab.SkipIfImpossible();
        Repository.SkipIfClosedToOthers();
        Expect("other-user", "cold", "preflight ", "handed over", FirstUpdate);
    }

    [Test]
    public void A_process_that_has_handed_over_cannot_do_so_again() => Expect(
        "again",
        "cold",
        "handed over",
        "again cold",
        "called off: This process has handed over to the service manager: it has to end. (ESHUTDOWN; operation hand over)",
        FirstUpdate);

    [Test]
    public void A_service_that_is_stopped_starts_cold() => Expect("stopped", "cold", "handed over", "cold", "stored 0");

    [Test]
    public void An_activated_socket_stays_the_programs() =>
        Expect("activated", "cold", "passed web (1): web True", "handed over", FirstUpdate, "passed web (1): web True");

    [Test]
    public void What_is_left_of_an_earlier_hand_over_is_dropped_and_the_programs_own_descriptor_stays()
    {
        string[] lines = ServiceManagerLab.Lines("stale");
        Assert.That(lines[1], Is.EqualTo(
            $"log: 2 {Dropped}no hand-over is written in the memory: it was called off, not completed, or has been booted from"));
        Assert.That(lines[2], Is.EqualTo("cold"));
        Assert.That(lines[3], Does.StartWith("passed ").And.EndWith(": mine 42").And.Not.Contain("liveupdate-core"));
        Assert.That(lines[5], Is.EqualTo(FirstUpdate));
        Assert.That(lines[6], Does.EndWith(": mine 42"));
    }

    [Test]
    public void A_version_that_cannot_boot_leaves_everything_to_the_next_one() => Expect(
        "bad-version",
        "cold",
        "handed over",
        "LiveUpdateException: A handler with this compatible string is registered. (EEXIST; operation register handler; handler memfd-fd-v1)",
        FirstUpdate);

    [Test]
    public void A_version_that_never_boots_loses_everything_when_the_manager_gives_up_and_the_preflight_says_so()
    {
        string[] lines = ServiceManagerLab.Lines("given-up");
        Assert.That(lines[..3], Is.EqualTo(new[] { "cold", "preflight Information service-start-limit", "handed over" }));
        Assert.That(lines[3..^1], Is.Not.Empty.And.All.StartsWith("LiveUpdateException: A handler with this compatible string"));
        Assert.That(lines[^1], Is.EqualTo("stored 0"));
    }

    [Test]
    public void A_service_that_is_not_started_again_is_warned_of()
    {
        string[] lines = ServiceManagerLab.Lines("not-restarted");
        Assert.That(lines[..2], Is.EqualTo(new[] { "cold", "preflight Warning service-not-restarted" }));
        Assert.That(lines[2], Does.StartWith(
            "log: The preflight of a hand-over by service-manager goes on with a finding: service-not-restarted: If the next process fails to boot"));
    }

    [TestCase(nameof(ServiceManagerPhase.Connected), null)]
    [TestCase(nameof(ServiceManagerPhase.Descriptors), $"log: 5 {Dropped}there is no memory among them")]
    [TestCase(nameof(ServiceManagerPhase.Memory), $"log: 6 {Dropped}no hand-over is written")]
    [TestCase(nameof(ServiceManagerPhase.Settled), $"log: 6 {Dropped}no hand-over is written")]
    public void Killed_before_the_image_is_written_the_next_process_starts_cold(string phase, string? log)
    {
        string[] lines = ServiceManagerLab.Lines($"killed-{phase}");
        Assert.That(lines, Has.Length.EqualTo(log is null ? 2 : 3));
        if (log is not null)
            Assert.That(lines[1], Does.StartWith(log));
        Assert.That(lines[^1], Is.EqualTo("cold"));
    }

    [TestCase(nameof(ServiceManagerPhase.Frozen))]
    [TestCase(nameof(ServiceManagerPhase.Answered))]
    [TestCase(nameof(ServiceManagerPhase.Committed))]
    public void Killed_after_the_image_is_written_the_next_process_takes_over(string phase) => Expect($"killed-{phase}", "cold", FirstUpdate);

    [Test]
    public void A_store_that_is_too_small_is_refused_with_both_numbers() => IsCalledOff(
        "too-small",
        "preflight Blocking fdstore-too-small",
        "fdstore-too-small: This update needs room for 7 descriptors, and the file descriptor store of too-small.service has it for 5.",
        "ENOSPC");

    [Test]
    public void A_store_that_is_off_is_refused_with_both_numbers() => IsCalledOff(
        "store-off",
        "preflight Blocking fdstore-too-small",
        "fdstore-too-small: This update needs room for 7 descriptors, and the file descriptor store of store-off.service has it for 0.",
        "ENOSPC");

    [Test]
    public void More_descriptors_than_a_process_may_be_started_with_are_refused() => IsCalledOff(
        "open-files",
        "preflight Blocking service-open-files",
        "service-open-files: To start a process with 704 descriptors the service manager may need 1472 numbers, and LimitNOFILE= of open-files.",
        "EMFILE");

    [Test]
    public void A_manager_that_does_not_listen_is_refused() => IsCalledOff(
        "no-access",
        "preflight Blocking notify-access-none, Blocking fdstore-too-small",
        "notify-access-none: The service manager does not listen to no-access.service: NotifyAccess=none.",
        "EACCES");

    [Test]
    public void A_process_that_is_not_the_main_one_is_refused() => IsCalledOff(
        "not-main", "preflight Blocking notify-not-main-process", "notify-not-main-process: The main process of not-main.service is ", "EACCES");

    [Test]
    public void A_count_that_is_required_and_unknown_is_refused() => IsCalledOff(
        "count-required",
        "preflight Blocking fdstore-unknown",
        "fdstore-unknown: Nobody says what the service's file descriptor store holds: /etc/systemd/system/fail exited with 1: no manager here.",
        "EOPNOTSUPP");

    [Test]
    public void What_the_manager_drops_calls_it_off_and_the_programs_own_descriptors_stay()
    {
        string[] lines = ServiceManagerLab.Lines("dropped");
        Assert.That(lines[1], Does.StartWith(
            "called off: The file descriptor store of dropped.service holds 9 descriptors of 9 where it should hold 7: the service manager dropped"));
        Assert.That(lines[2..], Is.EqualTo(new[] { "goes on True", "all bytes back True", "stored 3" }));
    }

    [Test]
    public void A_freeze_that_throws_calls_it_off_and_empties_the_store() => Expect(
        "stubborn",
        "cold",
        "log: The hand-over of generation 0 was called off and everything unfrozen",
        "called off: The callback \"freeze\" failed: It does not freeze. (EBUSY; operation freeze; session stubborn; token 0x1; handler stubborn-v1)",
        "goes on True",
        "all bytes back True",
        "stored 0");

    [Test]
    public void A_systemctl_that_hangs_is_left_and_the_hand_over_goes_on()
    {
        string[] lines = ServiceManagerLab.Lines("silent-systemctl");
        Assert.That(lines[1], Is.EqualTo("preflight Unknown fdstore-unknown"));
        Assert.That(lines[2], Does.Contain("fdstore-unknown: Nobody says").And.Contain("/hang did not answer within 00:00:01."));
        Assert.That(lines[3..], Is.EqualTo(new[] { "handed over", FirstUpdate }));
    }

    [Test]
    public void A_memory_that_is_none_is_never_a_cold_start()
    {
        string[] lines = ServiceManagerLab.Lines("no-memory");
        Assert.That(lines[0], Is.EqualTo("left"));
        Assert.That(lines[1], Does.StartWith(
            "LiveUpdateImageException: descriptor \"liveupdate-core.memory\" of the service manager, offset 0: expected the descriptor of the"));
    }

    [TestCase("removed", "LiveUpdateImageException: descriptor slot 0, offset 0: expected an open descriptor, found ")]
    [TestCase("twice", "LiveUpdateImageException: descriptor slot 4, offset 0: expected one descriptor for ")]
    public void A_store_that_somebody_meddled_with_is_never_a_cold_start(string scenario, string message)
    {
        string[] lines = ServiceManagerLab.Lines(scenario);
        Assert.That(lines[..2], Is.EqualTo(new[] { "cold", "handed over" }));
        Assert.That(lines[2..^1], Has.All.StartsWith(message));
        Assert.That(lines[^1], Is.EqualTo("kept True, after a stop 0"));
    }

    private static void Expect(string scenario, params string[] expected) =>
        Assert.That(ServiceManagerLab.Lines(scenario), Is.EqualTo(expected));

    private static void IsCalledOff(string scenario, string preflight, string message, string error)
    {
        string[] lines = ServiceManagerLab.Lines(scenario);
        Assert.That(lines[..2], Is.EqualTo(new[] { "cold", preflight }));
        Assert.That(lines[2], Does.StartWith($"called off: {message}").And.EndWith($"({error}; operation hand over)"));
        Assert.That(lines[3..], Is.EqualTo(new[] { "goes on True", "all bytes back True", "stored 0" }));
    }
}
