using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Handover;

/// <summary>The table of <c>docs/what-survives.md</c> against what happens to a descriptor of every kind.</summary>
[Platform(Include = "Linux", Reason = "Descriptors are those of Linux.")]
[Parallelizable(ParallelScope.All)]
public sealed class SurvivalTests
{
    private const string CannotBeOpened = "cannot be opened here";

    [TestCase("survival-exec", 1)]
    [TestCase("survival-successor", 2)]
    public void Every_kind_does_what_the_table_says(string scenario, int column)
    {
        Dictionary<string, string> table = ReadTable(column);
        (int exitCode, string[] lines, _) = ProgramRun.OfAssembly("LiveUpdate.Core.TestHost", scenario);
        Assert.That(exitCode, Is.Zero, string.Join('\n', lines));

        var found = lines.Select(line => line.Split(": ")).ToDictionary(parts => string.Join(": ", parts[..^1]), parts => parts[^1]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(found.Keys, Is.EquivalentTo(table.Keys));
            foreach ((string kind, string result) in found)
            {
                if (result == CannotBeOpened)
                    TestContext.Out.WriteLine($"{kind} {CannotBeOpened}.");
                else
                    Assert.That(result, Is.EqualTo(table.GetValueOrDefault(kind)), kind);
            }
        }
    }

    private static Dictionary<string, string> ReadTable(int column) =>
        File.ReadLines(Path.Combine(Repository.Root, "docs", "what-survives.md"))
            .Where(line => line.StartsWith("| ", StringComparison.Ordinal))
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries)[1..])
            .Where(cells => cells[column] is "yes" or "no" or "refused")
            .ToDictionary(cells => cells[0], cells => cells[column]);
}
