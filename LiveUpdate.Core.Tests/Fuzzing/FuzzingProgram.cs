using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Fuzzing;

/// <summary>The program that runs inputs of the targets.</summary>
internal static class FuzzingProgram
{
    /// <summary>The assembly.</summary>
    public const string Name = "LiveUpdate.Core.Fuzzing";

    /// <summary>Runs it to its end, and prints what it printed.</summary>
    public static ProgramRun Run(params string[] arguments) => Print(ProgramRun.OfAssembly(Name, arguments));

    /// <summary>Prints what a run printed.</summary>
    public static ProgramRun Print(ProgramRun run)
    {
        TestContext.Out.WriteLine(string.Join('\n', run.Lines) + run.Errors);
        return run;
    }
}
