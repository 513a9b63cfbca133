namespace LiveUpdate.Tests.Handover;

/// <summary>Processes that are updated by a successor beside them (design section 3, "Targets").</summary>
[Platform(Include = "Linux", Reason = "Only Linux passes descriptors and pidfds.")]
[Parallelizable(ParallelScope.All)]
public sealed class SuccessorTests
{
    [Test]
    public void Everything_arrives_and_the_old_process_learns_of_it() => Expect(
        ["successor", "-", "-"], "handed over 4 files, 3 descriptors", "new owner True, target successor, files 4, descriptors 3");

    [Test]
    public void Files_come_and_go_while_the_successor_is_warm() => Expect(
        ["changing"], "end seen True", "handed over 600 files, 600 descriptors", "new owner True, sessions 1, left 0");

    [Test]
    public void A_program_comes_to_rest_when_its_successor_is_warm() => Expect(
        ["resting", "-"], "at rest", "handed over 2 files, 0 descriptors", "new owner early late");

    [TestCase("Go")]
    [TestCase("Verified")]
    public void A_program_at_rest_goes_on_when_its_successor_dies(string phase) => Expect(
        ["resting", phase, "retry"], "at rest", "called off BrokenPipe", "goes on", "handed over 2 files, 0 descriptors", "new owner early late");

    [Test]
    public void A_program_stays_at_work_when_its_successor_dies_before_it_is_warm() => Expect(
        ["resting", "Connected", "retry"], "called off BrokenPipe", "handed over 1 files, 0 descriptors", "new owner early");

    [Test]
    public void A_successor_rehearses_before_it_takes_over() => Expect(
        ["rehearsing", "well"],
        "rehearsed by update 1, cold before: True", "handed over 1 files, 0 descriptors", "new owner real");

    [Test]
    public void A_successor_whose_rehearsal_fails_says_why_and_the_next_one_takes_over() => Expect(
        ["rehearsing", "badly", "retry"],
        ["LiveUpdateException: Not fit to take over. (EPERM)"],
        "rehearsed by update 1, cold before: True",
        "called off NotPermitted",
        "rehearsed by update 1, cold before: True",
        "handed over 1 files, 0 descriptors",
        "new owner real");

    [Test]
    public void An_older_form_is_written_for_a_successor_that_knows_no_other() => Expect(
        ["downgrade", "2", "1"], "handed over 1 files, 0 descriptors", "version 1 got OlderFile { Data = 101, Compatible = older-v1 }");

    [Test]
    public void The_handlers_own_form_goes_before_an_older_one() => Expect(
        ["downgrade", "2", "2"], "handed over 1 files, 0 descriptors", "version 2 got OlderFile { Data = 102, Compatible = older-v2 }");

    [Test]
    public void A_form_that_cannot_be_written_is_refused_before_anything_freezes_and_the_next_one_is_chosen_anew() => Expect(
        ["downgrade", "2", "7", "2"],
        [
            "LiveUpdateException: The predecessor does not take this process as its successor: LiveUpdateException: The successor cannot " +
            "retrieve: handler \"older-v2\" (1 files). (ENOENT; operation hand over) (ENOENT)",
        ],
        "called off NotFound", "handed over 1 files, 0 descriptors", "version 2 got OlderFile { Data = 102, Compatible = older-v2 }");

    [Test]
    public void A_process_that_connects_is_adopted_if_it_knows_the_secret()
    {
        string folder = Directory.CreateTempSubdirectory("adopt-").FullName;
        try
        {
            Expect(
                ["adopt", Path.Combine(folder, "socket"), "a secret"],
                "handed over 1 files, 0 descriptors", "new owner adopted", "no second boot", "socket left False", "turned away AccessDenied");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Expect(string[] arguments, params string[] lines) => Expect(arguments, [], lines);

    // The successor may be killed before it has said why it was refused.
    private static void Expect(string[] arguments, string[] perhaps, params string[] lines)
    {
        (int exitCode, string[] all, string[] errors) = HostFamily.Run(arguments);
        Assert.That(errors, Is.Empty);
        Assert.That(all.Where(line => !perhaps.Contains(line)), Is.EqualTo(lines.Order(StringComparer.Ordinal)));
        Assert.That(exitCode, Is.Zero);
    }
}
