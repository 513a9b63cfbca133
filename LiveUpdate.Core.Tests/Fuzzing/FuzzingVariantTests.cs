using LiveUpdate.Tests.Infrastructure;
using LiveUpdate.Tests.Rewriting;
using Mono.Cecil;

namespace LiveUpdate.Tests.Fuzzing;

/// <summary>Mutated inputs find what is wrong: each variant of the library leaves one check out, and an input shows it.</summary>
[Platform(Include = "Linux", Reason = "Guard pages are mapped as Linux does it.")]
[Parallelizable(ParallelScope.All)]
public sealed class FuzzingVariantTests
{
    private const int Seed = 742;

    [TestCase("session-block")]
    [TestCase("file-block")]
    public void A_count_of_entries_that_is_not_checked_is_found(string target) =>
        Finds(target, static module => Breakage.Forgive(module, "LiveUpdate.Serialization.BlockReader", ".ctor"));

    [Test]
    public void A_node_of_the_page_tree_that_is_not_checked_is_found() =>
        Finds("page-map", static module => Breakage.Forgive(module, "LiveUpdate.Kho.PreservedPageTreeReader", "Visit"));

    [Test]
    public void Blocks_of_pages_that_may_overlap_are_found() =>
        Finds("preserved-memory", static module => Breakage.Forgive(module, "LiveUpdate.Kho.IncomingPageMap", "Enter"), inputs: 40_000);

    [Test]
    public void Memory_that_is_taken_for_preserved_is_found() =>
        Finds("preserved-memory", static module => Breakage.Return(module, "LiveUpdate.Kho.IncomingPageMap", "Covers", true));

    [Test]
    public void A_message_of_any_length_is_found() =>
        Finds("successor-header", static module => Breakage.Forgive(module, "LiveUpdate.SuccessorHeader", "Read"));

    [TestCase("successor-hello")]
    [TestCase("successor-failure")]
    public void A_damaged_payload_that_is_not_told_from_a_bug_is_found(string target) =>
        Finds(target, static module => Breakage.Return(module, "LiveUpdate.SuccessorPayload", "IsDamage", false));

    [Test]
    public void A_page_that_two_generations_free_is_found() =>
        Finds("image", static module => Breakage.Empty(module, "LiveUpdate.Kho.IncomingPageMap", "MarkRestored"));

    private static void Finds(string target, Action<ModuleDefinition> change, int inputs = 4000)
    {
        using var broken = new RewrittenLibrary(change);
        ProgramRun run = FuzzingProgram.Print(broken.Run(
            FuzzingProgram.Name, TimeSpan.FromMinutes(2), "mutate", target, "--count", $"{inputs}", "--seed", $"{Seed}", "--patience", "3"));
        Assert.That(run.Lines, Has.Some.StartsWith($"FINDING {target}, seed {Seed}: "));
        Assert.That(run.ExitCode, Is.EqualTo(1));
    }
}
