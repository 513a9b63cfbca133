using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using LiveUpdate.TestHost.Successor;

namespace LiveUpdate.TestHost.ServiceManager;

/// <summary>
/// A service that hands over to its service manager when it is told to stop (SIGTERM) or by itself (SIGHUP), and goes on if that is called
/// off and it was not told to stop.
/// </summary>
internal static class ServiceLife
{
    public static void Run(string[] args)
    {
        var arguments = new ServiceArguments(args[1..]);
        using var signals = new BlockingCollection<PosixSignal>();
        using PosixSignalRegistration stop = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Note);
        using PosixSignalRegistration update = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Note);
        StoreIntruder.BeforeBoot(arguments);
        using LiveUpdateOrchestrator luo = LiveUpdateOrchestrator.Boot(Options(arguments));
        using LiveUpdateDevice device = luo.OpenDevice();
        bool isCold = luo.PreviousUpdate is null;
        using ServiceContent content = isCold ? ServiceContent.Create(arguments.Events) : ServiceContent.Retrieve(device);
        Scenario.Say(Describe(luo, content));
        if (arguments.Has("passed"))
            Scenario.Say(StoreIntruder.DescribePassed());
        content.Preserve(device);
        if (arguments.Has("stubborn"))
            device.CreateSession("stubborn").Preserve(1, new StubbornFile());
        content.Echo.Start();
        Scenario.Say($"port {content.Port}");
        foreach (PosixSignal signal in signals.GetConsumingEnumerable())
        {
            if (TryHandOver(luo, arguments, content.Echo))
            {
                if (arguments.Has("again"))
                    HandOverAgain(arguments, content.Echo);
                return;
            }

            Scenario.Say($"goes on {content.Check()}");
            if (signal == PosixSignal.SIGTERM)
            {
                Environment.ExitCode = 1;
                return;
            }
        }

        void Note(PosixSignalContext context)
        {
            context.Cancel = true;
            signals.Add(context.Signal);
        }
    }

    /// <summary>The options of a service that has a <see cref="ServiceContent"/>.</summary>
    public static LiveUpdateOptions Options() => new()
    {
        MemorySize = 4 << 20,
        Logger = new ConsoleLogger(),
        Handlers =
        {
            new MemfdHandler(), new StateHandler<Note>("note-v1", NoteFormatter.Instance), new StubbornHandler(), new DescriptorHandler(),
        },
    };

    private static LiveUpdateOptions Options(ServiceArguments arguments)
    {
        LiveUpdateOptions options = Options();
        bool isNext = Environment.GetEnvironmentVariable("LISTEN_FDNAMES") is not null;
        if (isNext && (arguments.Has("broken-version") || (arguments.Has("bad-version") && StoreIntruder.IsFirst("bad-version"))))
            options.Handlers.Add(new MemfdHandler());
        return options;
    }

    private static string Describe(LiveUpdateOrchestrator luo, ServiceContent content) => luo.PreviousUpdate is { } update
        ? $"update {update.Number} by {update.Target}: good {content.Check()}, files {update.Files}, descriptors {update.Descriptors}, " +
            $"left {luo.Descriptors.IncomingCount}"
        : "cold";

    private static string Describe(IReadOnlyList<PreflightFinding> findings) =>
        string.Join(", ", findings.Select(static finding => $"{finding.Severity} {finding.Id}"));

    private static bool TryHandOver(LiveUpdateOrchestrator luo, ServiceArguments arguments, EchoServer echo)
    {
        var target = new ServiceManagerTarget(arguments.OptionsFor(echo))
        {
            Reached = phase =>
            {
                if (phase == arguments.At)
                    Act(arguments, luo);
            },
        };
        try
        {
            if (arguments.Has("preflight"))
                Scenario.Say($"preflight {Describe(luo.Preflight(target))}");
            luo.HandOver(target);
            Scenario.Say("handed over");
            return true;
        }
        catch (Exception exception) when (exception is LiveUpdateException or OperationCanceledException)
        {
            Scenario.Say($"called off: {exception.Message}");
            return false;
        }
    }

    // What is in the store is the next process's; another generation of this one must not touch it.
    private static void HandOverAgain(ServiceArguments arguments, EchoServer echo)
    {
        using LiveUpdateOrchestrator another = LiveUpdateOrchestrator.Boot(Options(arguments));
        Scenario.Say($"again {(another.PreviousUpdate is null ? "cold" : "with what is in the store")}");
        TryHandOver(another, arguments, echo);
    }

    private static void Act(ServiceArguments arguments, LiveUpdateOrchestrator luo)
    {
        if (arguments.Has("die"))
            Victim.Die();
        StoreIntruder.During(arguments, luo);
    }
}
