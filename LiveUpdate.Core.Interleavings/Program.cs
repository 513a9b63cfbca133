using LiveUpdate.Interleavings.Control;
using LiveUpdate.Interleavings.Scenarios;
using LiveUpdate.Tests.Soak;

namespace LiveUpdate.Interleavings;

/// <summary>
/// Explores schedules of the scenarios: <c>[SCENARIO] [--seconds N] [--count N] [--seed N]</c>, the count being schedules of each. Rounds of
/// all scenarios go on until time or count is over. The last line of the output is the figures; the exit code is 0 if nothing was found.
/// </summary>
internal static class Program
{
    private const int SchedulesARound = 50;

    private static readonly Scenario[] s_scenarios =
        [.. SessionRaces.All, .. FileRaces.All, .. FlbRaces.All, .. RegistrationRaces.All, .. HandoverRaces.All];

    private static int Main(string[] args)
    {
        if (args is ["replace-locks", string folder])
        {
            LockReplacement.Run(folder);
            return 0;
        }

        bool one = args.Length > 0 && !args[0].StartsWith('-');
        Scenario[] scenarios = one ? [.. s_scenarios.Where(scenario => scenario.Name == args[0])] : s_scenarios;
        if (scenarios.Length == 0)
        {
            Console.Error.WriteLine($"The scenarios are: {string.Join(", ", s_scenarios.Select(static scenario => scenario.Name))}.");
            return 2;
        }

        return SoakForm.Run("interleavings", args.AsSpan(one ? 1 : 0), arguments => Explore(scenarios, arguments));
    }

    private static SoakResult Explore(Scenario[] scenarios, SoakArguments arguments)
    {
        Console.WriteLine($"seed {arguments.Seed}");
        var findings = new List<string>();
        long total = 0;
        var left = scenarios.ToList();
        for (long done = 0; left.Count > 0 && arguments.GoesOn(done); done += SchedulesARound)
        {
            int schedules = (int)Math.Min(SchedulesARound, arguments.Count - done);
            foreach (Scenario scenario in left.ToList())
            {
                if (!arguments.GoesOn(done))
                    break;
                (int explored, string? finding) = Exploration.Run(scenario, schedules, (uint)(arguments.Seed + done));
                total += explored;
                if (finding is null)
                    continue;
                findings.Add(finding);
                left.Remove(scenario);
            }
        }

        return new SoakResult([("schedules", total), ("scenarios", scenarios.Length)], findings);
    }
}
