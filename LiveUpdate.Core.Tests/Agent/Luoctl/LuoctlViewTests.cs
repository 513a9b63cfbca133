using System.Runtime.Versioning;
using LiveUpdate.Kho;
using LiveUpdate.Samples.Luoctl.Views;
using LiveUpdate.Samples.Rendering;
using LiveUpdate.Tests.Kho;
using Spectre.Console;

namespace LiveUpdate.Tests.Agent;

/// <summary>What luoctl shows of an agent's records, as plain text and on a terminal.</summary>
[Parallelizable(ParallelScope.All)]
[Platform("Linux", Reason = "luoctl needs Linux.")]
[SupportedOSPlatform("linux")]
internal sealed class LuoctlViewTests
{
    private static IEnumerable<TestCaseData<Page>> Pages =>
    [
        new TestCaseData<Page>(StatusView.Of(LuoctlSamples.Status)).SetArgDisplayNames("status"),
        new TestCaseData<Page>(SessionsView.Of(LuoctlSamples.Sessions)).SetArgDisplayNames("sessions"),
        new TestCaseData<Page>(InspectionView.Of("vm-1", LuoctlSamples.Sides)).SetArgDisplayNames("inspection"),
        new TestCaseData<Page>(CheckView.Of(LuoctlSamples.Findings)).SetArgDisplayNames("check"),
        new TestCaseData<Page>(LoadedView.Of(LuoctlSamples.Kernel)).SetArgDisplayNames("loaded"),
        .. LuoctlSamples.Events.Select((happened, i) => new TestCaseData<Page>(EventView.Of(happened)).SetArgDisplayNames($"event {i}")),
        new TestCaseData<Page>(ResultView.Of(LuoctlSamples.Result)).SetArgDisplayNames("result"),
    ];

    [Test]
    public void Status_is_facts_and_programs() => Assert.That(PlainOf(StatusView.Of(LuoctlSamples.Status)), Is.EqualTo("""
        agent           managed, process 4711, up 2 h 3 min
        generation      3
        when it dies    it comes back with everything
        update          4, preparing, 12.3 s left
        device clients  2
        sessions        1 outgoing, 2 incoming (1 parked)
        files           5, 66.8 MiB

        id  program     state
         0  vm-1        ready
        12  evil�[2J��  preparing

        """));

    [Test]
    public void Idle_agent_that_keeps_nothing_says_so()
    {
        string text = PlainOf(StatusView.Of(LuoctlSamples.Status with
        {
            Agent = LuoctlSamples.Status.Agent with { KeepsState = false },
            Update = 0,
            Phase = LiveUpdate.Agent.AgentUpdatePhase.Idle,
            Subscribers = [],
        }));
        Assert.That(text, Does.Contain("update          idle\n").And.Contain("when it dies    all is lost\n").And.Not.Contain("program"));
    }

    [Test]
    public void Sessions_are_a_table() => Assert.That(PlainOf(SessionsView.Of(LuoctlSamples.Sessions)), Is.EqualTo("""
        side      session     user  state   files      size
        outgoing  vm-1           0  open        3  64.0 MiB
        incoming  vm-2        1000  parked  1,200     512 B
        incoming  evil�[2J��  1000  open        0       0 B

        """));

    [Test]
    public void No_sessions_are_said_to_be_none() => Assert.That(PlainOf(SessionsView.Of([])), Is.EqualTo("no sessions\n"));

    [Test]
    public void Files_are_shown_on_both_sides() => Assert.That(PlainOf(InspectionView.Of("vm-1", LuoctlSamples.Sides)), Is.EqualTo("""
        outgoing session vm-1: 1 file
        token               size  state
        0xffffffffffffffff   5 B  preserved

        incoming session vm-1: 2 files
        token     size  state
        0x1    1.5 KiB  retrieved
        0x2        0 B  preserved

        """));

    [Test]
    public void Findings_come_the_worst_first() => Assert.That(PlainOf(CheckView.Of(LuoctlSamples.Findings)), Is.EqualTo("""
        blocking: kernel-not-loaded
          No kernel is loaded.
          Load one: luoctl load.
        warning: fdstore-too-small
          12 descriptors, room for 10.
          Raise FileDescriptorStoreMax=.
        information: good-to-know
          All is well.
        An update would be refused.

        """));

    [Test]
    public void No_findings_block_nothing() => Assert.That(PlainOf(CheckView.Of([])), Is.EqualTo("Nothing that is known of blocks an update.\n"));

    [Test]
    public void Loaded_kernel_is_said() => Assert.That(PlainOf(LoadedView.Of(LuoctlSamples.Kernel)), Is.EqualTo("""
        The next update starts this kernel.
        kernel            /boot/vmlinuz
        initial RAM disk  none
        command line      kho=on liveupdate=on

        """));

    [Test]
    public void Events_are_a_line_each() => Assert.That(string.Concat(LuoctlSamples.Events.Select(happened => PlainOf(EventView.Of(happened)))), Is.EqualTo("""
                  idle
            8 µs  update 4: prepare
         12.5 ms  update 4: vm-1 (7) is refused: disk full�no
        2 min 10 s  update 4: called off, EBUSY: vm-1 refuses
          2.25 s  update 5: over
                  99

        """));

    [Test]
    public void Result_has_a_time_line() => Assert.That(PlainOf(ResultView.Of(LuoctlSamples.Result)), Is.EqualTo("""
        Update 4 is done: generation 3, 2.00 s
        phase     began    took  time line
        prepare    0 µs  1.00 s  ====================
        barrier  1.00 s   12 µs                      =
        claim    1.50 s  500 ms                                ==========

        program      ready  claimed  finished  state
        vm-1        400 ms   1.75 s    2.00 s  finished
        evil�[2J��       -        -         -  left-behind

        Not finished, and parked as far as it was theirs: evil�[2J��

        """));

    [TestCaseSource(nameof(Pages))]
    public void Plain_text_has_no_escape_codes_and_no_boxes(Page page)
    {
        string text = PlainOf(page);
        Assert.That(text, Is.Not.Empty);
        Assert.That(text.Where(character => (char.IsControl(character) && character != '\n') || character is >= '\u2500' and <= '\u257F'), Is.Empty);
        Assert.That(text.Split('\n').Any(line => line.EndsWith(' ')), Is.False, "nothing stands behind a line");
    }

    [TestCaseSource(nameof(Pages))]
    public void Terminal_shows_what_plain_text_says(Page page)
    {
        string terminal = RichOf(page, AnsiSupport.No);
        string[] words = PlainOf(page).Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        Assert.That(words.Where(word => !terminal.Contains(word, StringComparison.Ordinal)), Is.Empty, terminal);
        Assert.That(terminal.Where(character => char.IsControl(character) && character != '\n'), Is.Empty);
    }

    [Test]
    public void Terminal_gets_boxes_and_colours_and_no_codes_of_others()
    {
        string terminal = RichOf(SessionsView.Of(LuoctlSamples.Sessions), AnsiSupport.Yes);
        Assert.That(terminal, Does.Contain("╭"));

        // By culture, an escape is as good as nothing.
        Assert.That(terminal.Contains("\u001b[1m", StringComparison.Ordinal), "bold");
        Assert.That(terminal.Contains("\u001b[2J", StringComparison.Ordinal), Is.False, "what a name has in it");
    }

    [Test]
    public void Markup_in_a_name_is_text()
    {
        Page page = new Page().Text("[red]a[/] [broken").Table(["[b]"], [["[/]"]]);
        Assert.That(RichOf(page, AnsiSupport.No), Does.Contain("[red]a[/] [broken").And.Contain("[b]").And.Contain("[/]"));
    }

    [Test]
    public void Captured_image_is_shown()
    {
        KhoImage image = KhoImage.Load(Generations.CapturedImage);
        using KhoMemory memory = image.Memory;
        string text = PlainOf(ImageView.Of(image, LuoImage.Read(image)));
        Assert.That(text, Does.Contain("empty-session").And.Contain("liveupdate-test-flb-v2").And.Contain("0x7d1"));
        Assert.That(PlainOf(ImageView.Of(image, null)), Does.EndWith("No orchestrator handed anything over.\n"));
    }

    [TestCase(0L, "0 B")]
    [TestCase(1023L, "1023 B")]
    [TestCase(1024L, "1.0 KiB")]
    [TestCase(1_073_741_824L, "1.0 GiB")]
    [TestCase(long.MaxValue, "8.0 EiB")]
    public void Sizes_have_units(long bytes, string text) => Assert.That(Format.Bytes(bytes), Is.EqualTo(text));

    [TestCase(0.0000005, "0 µs")]
    [TestCase(0.001, "1.00 ms")]
    [TestCase(0.0123, "12.3 ms")]
    [TestCase(0.25, "250 ms")]
    [TestCase(99.94, "99.9 s")]
    [TestCase(119, "119 s")]
    [TestCase(120, "2 min 0 s")]
    [TestCase(7384, "2 h 3 min")]
    [TestCase(90_000, "1 d 1 h")]
    public void Times_have_units(double seconds, string text) => Assert.That(Format.Time(TimeSpan.FromSeconds(seconds)), Is.EqualTo(text));

    private static string PlainOf(Page page)
    {
        using var writer = new WatchedWriter();
        PlainPage.Write(writer, page);
        return writer.ToString();
    }

    private static string RichOf(Page page, AnsiSupport ansi)
    {
        using var writer = new WatchedWriter();
        LuoctlRun.NewTerminal(writer, ansi).Write(RichPage.Render(page));
        return writer.ToString();
    }
}
