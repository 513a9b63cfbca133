using System.Runtime.Versioning;
using LiveUpdate.Tests.Soak;

namespace LiveUpdate.Tests.Agent.Faults;

/// <summary>The long form of <see cref="StoreKillTests"/>: every store of every operation, once.</summary>
[SupportedOSPlatform("linux")]
internal static class StoreKillRounds
{
    public static SoakResult Run(SoakArguments arguments)
    {
        int done = 0;
        try
        {
            return new SoakResult(StoreKills.RunAsync(StoreKills.Operations.Keys, static _ => 1, 1, () => arguments.GoesOn(done++)).GetAwaiter().GetResult(), []);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            return new SoakResult([], [exception.ToString()]);
        }
    }
}
