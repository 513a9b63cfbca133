using System.Runtime.Versioning;
using LiveUpdate.Tests.Faults;
using LiveUpdate.Tests.Handover;
using LiveUpdate.Tests.Rewriting;

namespace LiveUpdate.Tests.Soak;

/// <summary>The long form of <see cref="CallFaultTests"/>: every system call of either side, once.</summary>
internal static class CallFaultRounds
{
    public static SoakResult Run(SoakArguments arguments)
    {
        using var library = new RewrittenLibrary(FaultyCalls.Instrument);
        var figures = new List<(string, long)>();
        var findings = new List<string>();
        int calls = 0;
        int survived = 0;
        foreach ((string way, string side, string error) in CallFaultTests.Cases)
        {
            var run = new CallFaultRun(library, way, side, error);
            run.Run(1, 1, () => arguments.GoesOn(calls + run.Calls));
            Console.WriteLine($"{run} survived: {run.Survivors}");
            Enter($"{run}", run.Calls, run.Survived, run.Findings);
        }

        if (OperatingSystem.IsLinux() && ServiceManagerLab.WhyNot is null)
            Store();
        else
            Console.WriteLine("store: there is no systemd that this user may start");

        return new SoakResult([.. figures, ("calls", calls), ("survived", survived)], findings);

        [SupportedOSPlatform("linux")]
        void Store()
        {
            foreach (string side in (string[])["old", "new"])
            {
                var run = new StoredFaultRun(library, side);
                run.Run(1, 1);
                Enter($"{run}", run.Calls, run.Survived, run.Findings);
            }
        }

        void Enter(string name, int runCalls, int runSurvived, IReadOnlyList<string> runFindings)
        {
            Console.WriteLine($"{name}: {runCalls} calls, survived {runSurvived}, {runFindings.Count} findings");
            figures.Add((name, runCalls));
            findings.AddRange(runFindings);
            (calls, survived) = (calls + runCalls, survived + runSurvived);
        }
    }
}
