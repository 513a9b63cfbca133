using System.Runtime.Versioning;
using LiveUpdate.TestHost.Successor;
using LiveUpdate.TestHost.Survival;

[assembly: SupportedOSPlatform("linux")]

namespace LiveUpdate.TestHost;

/// <summary>
/// A process that replaces itself, started by the tests: the first argument names a scenario. It prints what it sees, and the test
/// compares.
/// </summary>
internal static class Program
{
    private static readonly Dictionary<string, Func<Scenario>> s_scenarios = new()
    {
        ["descriptors"] = static () => new DescriptorsScenario(),
        ["generations"] = static () => new GenerationsScenario(),
        ["threads"] = static () => new ThreadsScenario(),
        ["environment"] = static () => new EnvironmentScenario(),
        ["inheritable"] = static () => new InheritableScenario(),
        ["diagnostics"] = static () => new DiagnosticsScenario(),
        ["stale-notice"] = static () => new StaleNoticeScenario(),
        ["second-boot"] = static () => new SecondBootScenario(),
        ["failed-first"] = static () => new FailedFirstScenario(),
        ["standard-stream"] = static () => new StandardStreamScenario(),
        ["survival-exec"] = static () => new SurvivalScenario(),
        ["damaged-boot-record"] = static () => new DamageScenario(Damage.BootRecord),
        ["damaged-notice"] = static () => new DamageScenario(Damage.Notice),
        ["damaged-memory-descriptor"] = static () => new DamageScenario(Damage.MemoryDescriptor),
        ["damaged-slot"] = static () => new DamageScenario(Damage.ClosedDescriptor),
        ["damaged-file"] = static () => new DamageScenario(Damage.OtherFile),
        ["damaged-state"] = static () => new DamageScenario(Damage.State),
    };

    private static int Main(string[] args)
    {
        try
        {
            Run(args);
            return 0;
        }
        catch (Exception exception) when (exception is LiveUpdateException or LiveUpdateImageException)
        {
            Scenario.Say($"{exception.GetType().Name}: {exception.Message}");
            if (exception.InnerException is { } inner)
                Scenario.Say($"inside {inner.GetType().Name}: {inner.Message}");
            return 1;
        }
    }

    private static void Run(string[] args)
    {
        switch (args[0])
        {
            case "survival-successor":
                SuccessorSurvival.Open();
                break;
            case SuccessorSurvival.ProbeCommand:
                SuccessorSurvival.Report(args);
                break;
            case "successor":
                SuccessorLife.Run(args);
                break;
            case "changing":
                ChangingLife.Run();
                break;
            case "downgrade":
                DowngradeLife.Run(args);
                break;
            case "adopt":
                AdoptedLife.RunOld(args[1], args[2]);
                break;
            case "adopted":
                AdoptedLife.RunNew(args[1], args[2]);
                break;
            case "bad-successor":
                BadSuccessor.Run(args[1]);
                break;
            default:
                s_scenarios[args[0]]().Run(args);
                break;
        }
    }
}
