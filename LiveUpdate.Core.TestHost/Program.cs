using System.Runtime.Versioning;
using LiveUpdate.TestHost.Agent;
using LiveUpdate.TestHost.Faults;
using LiveUpdate.TestHost.Kept;
using LiveUpdate.TestHost.ServiceManager;
using LiveUpdate.TestHost.Successor;
using LiveUpdate.TestHost.Successor.Rounds;
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

    private static readonly Dictionary<string, Action<string[]>> s_commands = new()
    {
        ["survival-successor"] = static _ => SuccessorSurvival.Open(),
        [SuccessorSurvival.ProbeCommand] = SuccessorSurvival.Report,
        ["successor"] = SuccessorLife.Run,
        ["adopting-life"] = SuccessorLife.RunAdopting,
        ["adopted-life"] = SuccessorLife.RunAdopted,
        ["changing"] = static _ => ChangingLife.Run(),
        ["traced"] = TracedLife.Run,
        ["rehearsing"] = RehearsingLife.Run,
        ["resting"] = RestingLife.Run,
        ["downgrade"] = DowngradeLife.Run,
        ["adopt"] = static args => AdoptedLife.RunOld(args[1], args[2]),
        ["adopted"] = static args => AdoptedLife.RunNew(args[1], args[2]),
        ["named"] = static _ => NamedLife.Run(),
        ["scarce"] = ScarceLife.Run,
        ["abandoned"] = AbandonedLife.Run,
        ["peer"] = PeerLife.Run,
        ["bad-successor"] = static args => BadSuccessor.Run(args[1]),
        ["crooked"] = static args => CrookedSuccessor.Run(args[1]),
        ["bad-predecessor"] = static args => BadPredecessor.Run(args[1]),
        ["impostor"] = static args => Impostor.Run(args[1]),
        ["flip-rounds"] = FlipRounds.Run,
        ["kill-rounds"] = KillRounds.Run,
        ["round-owner"] = RoundOwner.Run,
        ["round-adopted"] = RoundOwner.Run,
        ["kept-rounds"] = KeptRounds.Run,
        ["kept-agent"] = KeptRounds.RunAgent,
        ["kept-heirs"] = static _ => KeptHeirs.Run(),
        ["kept-parent"] = static _ => KeptHeirs.RunParent(),
        ["kept-heir"] = KeptHeirs.RunHeir,
        ["keep"] = LenientKeeper.Run,
        ["counted-agent"] = CountedAgent.Run,
        ["agent-worker"] = AgentWorker.Run,
        ["call-faults"] = CallFaultLife.Run,
        ["call-faulted"] = CallFaultLife.RunNew,
        ["stored-call-faults"] = StoredFaultLife.RunLab,
        ["stored-call-faulted"] = StoredFaultLife.Run,
        ["service"] = ServiceLife.Run,
        ["stored-agent"] = static _ => StoredAgent.Run(),
        ["service-lab"] = static _ => ServiceLab.Run(),
        ["late-predecessor"] = static args => LatePredecessor.Run(args[1]),
    };

    private static int Main(string[] args)
    {
        try
        {
            Run(args);
            return Environment.ExitCode;
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
        if (s_commands.TryGetValue(args[0], out Action<string[]>? run))
            run(args);
        else
            s_scenarios[args[0]]().Run(args);
    }
}
