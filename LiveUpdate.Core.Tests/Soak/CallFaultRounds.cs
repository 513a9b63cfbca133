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
            Console.WriteLine($"{run}: {run.Calls} calls, {run.Findings.Count} findings; survived {run.Survived}: {run.Survivors}");
            figures.Add(($"{run}", run.Calls));
            findings.AddRange(run.Findings);
            (calls, survived) = (calls + run.Calls, survived + run.Survived);
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
                Console.WriteLine($"{run}: {run.Calls} calls, {run.Findings.Count} findings; survived {run.Survived}");
                figures.Add(($"{run}", run.Calls));
                findings.AddRange(run.Findings);
                (calls, survived) = (calls + run.Calls, survived + run.Survived);
            }
        }
    }
}
