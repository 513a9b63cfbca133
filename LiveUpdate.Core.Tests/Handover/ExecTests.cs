using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Handover;

/// <summary>Processes that replace their own image (design section 3, "Targets": exec).</summary>
[Platform(Include = "Linux", Reason = "Only Linux replaces the image of a process with its descriptors kept.")]
[Parallelizable(ParallelScope.All)]
public sealed class ExecTests
{
    private const string Host = "LiveUpdate.Core.TestHost";

    private static readonly string[] s_descriptors =
    [
        "memfd True",
        "pipe in the pipe",
        "connection in the connection",
        "connection and back",
        "listener True",
        "eventfd 42",
        "state Note { Text = typed, Number = 2026 }",
        "target exec, files 7, descriptors 6",
        "left 0",
    ];

    [Test]
    public void Descriptors_and_typed_state_survive() => Expect("descriptors", s_descriptors);

    [Test]
    public void An_apphost_executes_itself() => Expect(ProgramRun.OfApphost(Host, "descriptors"), s_descriptors);

    [Test]
    public void Three_generations_in_a_row_leave_no_descriptor_behind() => Expect(
        "generations",
        "update 1: number 1, same process True, eventfds 2",
        "update 2: number 2, same process True, eventfds 2",
        "update 3: number 3, same process True, eventfds 2");

    [Test]
    public void A_process_with_many_threads_is_replaced() => Expect("threads", "had many threads True", "has them still False");

    [Test]
    public void Arguments_and_environment_arrive() => Expect(
        ProgramRun.OfAssembly(Host, "environment", "a b", "", "ü"),
        "arguments a b||ü", "variable set at run time", "notice gone True", "child nothing",
        "arguments other ones|täg|", "variable given", "notice gone True", "child nothing");

    [Test]
    public void What_is_not_preserved_is_closed() => Expect("inheritable", "kept 1, lost 0", "standard streams 3", "inheritable 0");

    [Test]
    public void Diagnostics_work_in_every_image() => Expect(
        "diagnostics",
        "sockets 1, same name True, put aside 0", "connected True", "answer this process",
        "sockets 1, same name True, put aside 0", "connected True", "answer this process");

    [Test]
    public void A_child_that_inherits_the_notice_starts_cold() =>
        Expect("stale-notice", "child: cold, notice gone True", "parent: still here");

    [Test]
    public void A_boot_that_was_refused_can_be_tried_again() =>
        Expect("second-boot", "refused LiveUpdateException", "refused InvalidOperationException", "eventfd 3");

    [Test]
    public void A_hand_over_after_a_failed_one_succeeds() => Expect("failed-first", "failed NotAProgram", "retrieved 1");

    [Test]
    public void A_standard_stream_that_was_preserved_stays_open() =>
        Expect("standard-stream", "through the retrieved one", "through the console");

    [TestCase("damaged-boot-record", "boot record at 0x100000000, offset 92: expected 0x")]
    [TestCase("damaged-notice", "environment variable LIVEUPDATE_EXEC, offset 0: expected v1")]
    [TestCase("damaged-memory-descriptor", "environment variable LIVEUPDATE_EXEC, offset 0: expected the descriptor of the")]
    [TestCase("damaged-slot", "descriptor slot 0, offset 0: expected an open descriptor, found")]
    [TestCase("damaged-file", "descriptor slot 0, offset 8: expected device")]
    public void Damage_is_found_by_the_boot(string scenario, string message)
    {
        ProgramRun run = ProgramRun.OfAssembly(Host, scenario);
        Assert.That(run.Lines[0], Does.StartWith($"{nameof(LiveUpdateImageException)}: {message}"));
        Assert.That(run.ExitCode, Is.EqualTo(1));
    }

    [Test]
    public void A_damaged_state_is_found_by_the_first_open()
    {
        ProgramRun run = ProgramRun.OfAssembly(Host, "damaged-state");
        Assert.That(run.Lines, Has.Length.EqualTo(2));
        Assert.That(run.Lines[0], Does.StartWith($"{nameof(LiveUpdateException)}: ").And.EndWith(
            "(EIO; operation open device; session scenario; token 0x1; handler note-v1)"));
        Assert.That(run.Lines[1], Does.StartWith($"inside {nameof(LiveUpdateImageException)}: state header at 0x"));
        Assert.That(run.ExitCode, Is.EqualTo(1));
    }

    private static void Expect(string scenario, params string[] expected) => Expect(ProgramRun.OfAssembly(Host, scenario), expected);

    private static void Expect(ProgramRun run, params string[] expected)
    {
        Assert.That(run.Errors, Is.Empty);
        Assert.That(run.Lines, Is.EqualTo(expected));
        Assert.That(run.ExitCode, Is.Zero);
    }
}
