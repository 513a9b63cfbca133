using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Interleavings;

/// <summary>
/// Some schedules of every scenario of <c>LiveUpdate.Core.Interleavings</c>, in which a scheduler decides who goes on at each lock, atomic
/// operation and thread. The long form is that program itself.
/// </summary>
[Parallelizable(ParallelScope.All)]
public sealed class InterleavingTests
{
    private const int Schedules = 8;

    /// <summary>The program, in the copy that is under the scheduler's control.</summary>
    public const string Program = "LiveUpdate.Core.Interleavings";

    /// <summary>The folder of the copy, below the tests.</summary>
    public const string Folder = "interleavings";

    [Test]
    public void Every_scenario_holds_under_each_schedule()
    {
        string seed = $"{Random.Shared.Next()}";
        ProgramRun run = ProgramRun.OfAssembly(Path.Combine(Folder, Program), TimeSpan.FromMinutes(5), "--count", $"{Schedules}", "--seed", seed);
        TestContext.Out.WriteLine(string.Join('\n', run.Lines) + run.Errors);
        Assert.That(run.Lines[^1], Does.StartWith("interleavings: schedules ").And.EndsWith(", findings 0"));
        Assert.That(run.ExitCode, Is.Zero);
    }
}
