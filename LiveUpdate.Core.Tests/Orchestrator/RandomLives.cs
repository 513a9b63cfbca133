using CsCheck;

namespace LiveUpdate.Tests.Orchestrator;

/// <summary>Random lives of an orchestrator beside a model: every answer is the same, and the books agree after every step.</summary>
internal static class RandomLives
{
    // So weighed that sessions fill before they are handed over, and files are retrieved before they are finished.
    private static readonly Gen<LifeOperation> s_operations = Gen.Frequency(
        (6, Gen.Const(LifeOperation.Create)),
        (16, Gen.Const(LifeOperation.Preserve)),
        (2, Gen.Const(LifeOperation.CloseOutgoing)),
        (4, Gen.Const(LifeOperation.Update)),
        (1, Gen.Const(LifeOperation.CallOff)),
        (8, Gen.Const(LifeOperation.RetrieveSession)),
        (16, Gen.Const(LifeOperation.Retrieve)),
        (2, Gen.Const(LifeOperation.Finish)),
        (2, Gen.Const(LifeOperation.CloseIncoming)),
        (2, Gen.Const(LifeOperation.DisposeIncoming)),
        (1, Gen.Const(LifeOperation.Unregister)),
        (1, Gen.Const(LifeOperation.Register)));

    /// <summary>One step; one of seven fails.</summary>
    public static Gen<LifeStep> Steps { get; } = Gen.Select(
        s_operations,
        Gen.Int[0, 3],
        Gen.Int[0, 3],
        Gen.Int[0, 15],
        Gen.Int[0, 6].Select(static i => i == 0),
        static (operation, session, token, file, fails) => new LifeStep(operation, session, token, file, fails));

    /// <summary>Whole lives.</summary>
    public static Gen<LifeStep[]> Lives { get; } = Steps.Array[1, 120];

    /// <summary>Every answer that there is.</summary>
    public static IReadOnlyList<string> Answers { get; } =
        ["ok", "none", "file", "Busy", "Exists", "InputOutput", "InvalidArgument", "NotFound", "TimedOut", "TimerExpired"];

    /// <summary>Lives a life.</summary>
    /// <exception cref="AssertionException">An answer, or the state after it, is not the model's.</exception>
    public static void Live(LifeStep[] life, Action<string> answered)
    {
        using var real = new RealLife();
        var model = new ModelLife();
        foreach (LifeStep step in life)
        {
            (string name, ulong token) = model.Aim(step);
            string expected = model.Do(step.Operation, name, token, step.File, step.Fails);
            string answer = real.Do(step.Operation, name, token, step.File, step.Fails);
            if (answer != expected)
                throw new AssertionException($"{step} at {name} {token}: {answer} instead of {expected}");
            (string state, expected) = (real.Describe(), model.Describe());
            if (state != expected)
                throw new AssertionException($"after {step} at {name} {token}: {state} instead of {expected}");
            answered(answer.Split(' ')[0]);
        }

        real.End();
    }
}
