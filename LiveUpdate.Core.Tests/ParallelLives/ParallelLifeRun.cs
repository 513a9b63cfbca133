using LiveUpdate.Tests.Infrastructure;
using LiveUpdate.Tests.Orchestrator;

namespace LiveUpdate.Tests.ParallelLives;

/// <summary>Lives a parallel life, and looks for an order of the operations in which the model gives the same answers.</summary>
internal static class ParallelLifeRun
{
    /// <exception cref="AssertionException">There is no such order.</exception>
    public static void Live(ParallelLife life)
    {
        using var real = new RealLife();
        var model = new ModelLife();
        foreach (LifeStep step in life.Before)
        {
            (string name, ulong token) = model.Aim(step);
            string expected = model.Do(step.Operation, name, token, step.File, step.Fails);
            string answer = real.Do(step.Operation, name, token, step.File, step.Fails);
            if (answer != expected)
                throw new AssertionException($"before the threads, {step} at {name} {token}: {answer} instead of {expected}");
        }

        Func<string>[][] operations =
        [
            .. life.Threads.Select(steps => (Func<string>[])[.. steps.Select(step =>
            {
                (string name, ulong token) = model.Aim(step);
                return real.Begin(step.Operation, name, token, step.File, fails: false);
            })]),
        ];
        string[][] answers = [.. operations.Select(static steps => new string[steps.Length])];
        Worker.Race(operations.Length, thread =>
        {
            for (int i = 0; i < operations[thread].Length; i++)
                answers[thread][i] = operations[thread][i]();
        });
        real.Settle();
        if (!new OrderSearch(life, answers, real.Describe()).Finds())
        {
            throw new AssertionException(
                $"no order explains {string.Join("; ", answers.Select(static told => string.Join(", ", told)))}; then {real.Describe()}");
        }

        real.End();
    }
}
