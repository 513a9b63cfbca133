using LiveUpdate.Tests.Orchestrator;

namespace LiveUpdate.Tests.ParallelLives;

/// <summary>
/// Searches the orders in which operations of several threads can have happened: linearisability, but for operations that others see half
/// done, which have several steps in the model.
/// </summary>
/// <param name="life">What was done.</param>
/// <param name="answers">What each thread was told.</param>
/// <param name="state">The state in the end.</param>
internal sealed class OrderSearch(ParallelLife life, string[][] answers, string state)
{
    private readonly string _state = Sorted(state);

    /// <summary>Whether the model gives these answers, and comes to this state, in any order.</summary>
    public bool Finds() => Finds([]);

    private bool Finds(List<int> path)
    {
        (bool possible, bool[] goesOn, string found) = Replay(path);
        if (!possible)
            return false;
        if (!Array.Exists(goesOn, static more => more))
            return Sorted(found) == _state;
        for (int thread = 0; thread < goesOn.Length; thread++)
        {
            if (!goesOn[thread])
                continue;
            path.Add(thread);
            if (Finds(path))
                return true;
            path.RemoveAt(path.Count - 1);
        }

        return false;
    }

    // The steps of the model cannot be copied half way: each path begins anew.
    private (bool Possible, bool[] GoesOn, string State) Replay(List<int> path)
    {
        var model = new ModelLife();
        foreach (LifeStep step in life.Before)
        {
            (string name, ulong token) = model.Aim(step);
            model.Do(step.Operation, name, token, step.File, step.Fails);
        }

        IEnumerator<string?>[][] operations = [.. life.Threads.Select(steps => steps.Select(step =>
        {
            (string name, ulong token) = model.Aim(step);
            return model.Begin(step.Operation, name, token, step.File, fails: false).GetEnumerator();
        }).ToArray())];
        int[] next = new int[operations.Length];
        foreach (int thread in path)
        {
            IEnumerator<string?> operation = operations[thread][next[thread]];
            operation.MoveNext();
            if (operation.Current is not { } answer)
                continue;
            if (answer != answers[thread][next[thread]])
                return (false, [], "");
            next[thread]++;
        }

        return (true, [.. next.Select((done, thread) => done < operations[thread].Length)], model.Describe());
    }

    // Sessions that were made at once are in either order.
    private static string Sorted(string state) => string.Join(' ', state.Split(' ').Order(StringComparer.Ordinal));
}
