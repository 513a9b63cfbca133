using CsCheck;
using LiveUpdate.Tests.Orchestrator;

namespace LiveUpdate.Tests.ParallelLives;

/// <summary>A life that goes on alone for a while, and then on several threads at once.</summary>
/// <param name="Before">What happens first, one after the other.</param>
/// <param name="Threads">What each thread does.</param>
internal sealed record ParallelLife(LifeStep[] Before, LifeStep[][] Threads)
{
    /// <summary>Two or three threads of up to three operations each; none fails on purpose.</summary>
    public static Gen<ParallelLife> Lives { get; } = Gen.Select(
        RandomLives.Steps.Array[4, 24],
        RandomLives.Steps.Select(static step => step with { Fails = false }).Array[1, 3].Array[2, 3],
        static (before, threads) => new ParallelLife(before, WithOneHandover(threads)));

    public int Count => Before.Length + Threads.Sum(static steps => steps.Length);

    /// <summary>Lives with one operation less.</summary>
    public IEnumerable<ParallelLife> Smaller() =>
    [
        .. Enumerable.Range(0, Before.Length).Reverse().Select(left => this with { Before = Without(Before, left) }),
        .. Threads.SelectMany((steps, thread) => Enumerable.Range(0, steps.Length).Select(
            left => this with { Threads = [.. Threads.Select((other, number) => number == thread ? Without(other, left) : other)] })),
    ];

    /// <inheritdoc/>
    public override string ToString() => string.Join('\n', Before) + string.Concat(
        Threads.Select(static (steps, number) => $"\nthread {number}:\n{string.Join('\n', steps)}"));

    private static LifeStep[] Without(LifeStep[] steps, int left) => [.. steps[..left], .. steps[(left + 1)..]];

    // A second hand-over would be told that one is under way, which no order explains; and a handler belongs to one generation.
    private static LifeStep[][] WithOneHandover(LifeStep[][] threads)
    {
        bool handsOver = false;
        bool updates = threads.Any(static steps => steps.Any(static step => step.Operation == LifeOperation.Update));
        return [.. threads.Select(steps => (LifeStep[])[.. steps.Select(step =>
        {
            bool isHandover = step.Operation is LifeOperation.Update or LifeOperation.CallOff;
            bool leftOut = (isHandover && handsOver) || (updates && step.Operation is LifeOperation.Register or LifeOperation.Unregister);
            handsOver |= isHandover;
            return leftOut ? step with { Operation = LifeOperation.Create } : step;
        })])];
    }
}
