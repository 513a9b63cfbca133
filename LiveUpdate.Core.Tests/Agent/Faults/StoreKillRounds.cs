using System.Runtime.Versioning;
using LiveUpdate.Tests.Soak;

namespace LiveUpdate.Tests.Agent.Faults;

/// <summary>The long form of <see cref="StoreKillTests"/>: every store of every operation, once.</summary>
[SupportedOSPlatform("linux")]
internal static class StoreKillRounds
{
    public static SoakResult Run(SoakArguments arguments)
    {
        var figures = new List<(string, long)>();
        string[] findings = [];
        try
        {
            foreach (string operation in StoreKills.Operations.Keys.TakeWhile(_ => arguments.GoesOn(figures.Count)))
                figures.Add((operation, StoreKills.RunAsync(operation, first: 1, step: 1).GetAwaiter().GetResult()));
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            findings = [exception.ToString()];
        }

        return new SoakResult(figures, findings);
    }
}
