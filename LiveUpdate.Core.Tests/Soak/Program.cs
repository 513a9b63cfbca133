using LiveUpdate.Tests.Agent.Faults;
using LiveUpdate.Tests.Stress;

namespace LiveUpdate.Tests.Soak;

/// <summary>
/// The tests as a program: the long forms of those that go on for as long as they are told. The first argument names one, the others are
/// <see cref="SoakArguments"/>. The last line of the output is the figures; the exit code is 0 if nothing was found.
/// </summary>
internal static class Program
{
    private static readonly SoakResult s_noLinux = new([], ["The agent runs on Linux only."]);

    private static readonly Dictionary<string, Func<SoakArguments, SoakResult>> s_forms = new()
    {
        ["lives"] = SequentialLives.Run,
        ["faults"] = FaultLives.Run,
        ["call-faults"] = CallFaultRounds.Run,
        ["parallel-lives"] = ConcurrentLives.Run,
        ["stress"] = StressRun.Run,
        ["agent-kills"] = static arguments => OperatingSystem.IsLinux() ? KillRounds.Run(arguments) : s_noLinux,
        ["store-kills"] = static arguments => OperatingSystem.IsLinux() ? StoreKillRounds.Run(arguments) : s_noLinux,
    };

    private static int Main(string[] args)
    {
        if (args.Length == 0 || !s_forms.TryGetValue(args[0], out Func<SoakArguments, SoakResult>? form))
        {
            Console.Error.WriteLine($"The first argument is one of: {string.Join(", ", s_forms.Keys)}.");
            return 2;
        }

        return SoakForm.Run(args[0], args.AsSpan(1), form);
    }
}
