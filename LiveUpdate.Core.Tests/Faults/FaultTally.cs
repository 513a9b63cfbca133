using LiveUpdate.Tests.Infrastructure;
using NUnit.Framework.Internal;

namespace LiveUpdate.Tests.Faults;

/// <summary>Lives that were lived under faults, and what was found.</summary>
internal sealed class FaultTally
{
    private readonly List<string> _findings = [];

    /// <summary>How many lives there were.</summary>
    public int Lives { get; private set; }

    /// <summary>How many steps failed in them.</summary>
    public int Faults { get; private set; }

    /// <summary>What is wrong, with the plan that shows it again.</summary>
    public IReadOnlyList<string> Findings => _findings;

    /// <summary>How many steps of a kind a life has in which nothing fails.</summary>
    public static int CountSteps(FaultKind kind)
    {
        var plan = new FaultPlan(kind, FaultError.Errno);
        FaultyLife.Live(plan);
        return plan.Steps;
    }

    /// <summary>Lives once under a plan; a life that hangs is a finding, too.</summary>
    public void Live(FaultPlan plan)
    {
        Lives++;
        try
        {
            Worker.Start(() =>
            {
                // Else an assertion that is caught here would fail the test that runs.
                using var isolated = new TestExecutionContext.IsolatedContext();
                FaultyLife.Live(plan);
            }).Join();
        }
        catch (Exception exception)
        {
            _findings.Add($"{plan}: {exception.Message}\n{exception.StackTrace}");
        }

        Faults += plan.Failures;
    }

    /// <summary>Lives once for each step of a kind and each error, with so many steps failing one after the other.</summary>
    /// <returns>How many steps there are.</returns>
    public int LiveThrough(FaultKind kind, int inARow, Func<bool>? goesOn = null)
    {
        int steps = CountSteps(kind);
        FaultError[] errors = kind == FaultKind.Callback ? [FaultError.Errno, FaultError.Arbitrary] : [FaultError.Errno];
        for (int step = 1; step <= steps && goesOn?.Invoke() != false; step++)
        {
            foreach (FaultError error in errors)
                Live(new FaultPlan(kind, error, [.. Enumerable.Range(step, inARow)]));
        }

        return steps;
    }
}
