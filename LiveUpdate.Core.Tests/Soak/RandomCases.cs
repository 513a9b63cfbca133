using CsCheck;

namespace LiveUpdate.Tests.Soak;

/// <summary>Random cases for as long as told, on every core; one that fails is made smaller.</summary>
internal static class RandomCases
{
    private const int CasesABatch = 1_000;
    private const int Attempts = 5;

    /// <summary>Runs cases, each of its own seed; stops at the first that fails.</summary>
    /// <param name="arguments">How long; the count is cases.</param>
    /// <param name="cases">Makes a case.</param>
    /// <param name="steps">How many operations are in one.</param>
    /// <param name="run">Runs one; throws if it fails.</param>
    /// <param name="smaller">Cases that have a little less than one.</param>
    /// <param name="print">One in words.</param>
    public static SoakResult Run<T>(
        SoakArguments arguments, Gen<T> cases, Func<T, int> steps, Action<T> run, Func<T, IEnumerable<T>> smaller, Func<T, string> print)
    {
        Console.WriteLine($"seed {arguments.Seed}");
        long done = 0;
        long operations = 0;
        var findings = new List<string>();
        while (findings.Count == 0 && arguments.GoesOn(done))
        {
            long batch = Math.Min(CasesABatch, arguments.Count - done);
            Parallel.For(done, done + batch, (number, loop) =>
            {
                T made = cases.Generate(new PCG(1, (ulong)(arguments.Seed + number)), null, out _);
                Interlocked.Add(ref operations, steps(made));
                if (Failure(run, made) is not { } failure)
                    return;
                loop.Stop();
                lock (findings)
                {
                    // One is enough; making it smaller takes a while.
                    if (findings.Count == 0)
                        findings.Add($"seed {arguments.Seed + number}: {Shrink(made, failure, run, smaller, print)}");
                }
            });
            done += batch;
        }

        return new SoakResult([("lives", done), ("operations", operations)], findings);
    }

    private static string Shrink<T>(T found, string failure, Action<T> run, Func<T, IEnumerable<T>> smaller, Func<T, string> print)
    {
        while (smaller(found).Select(part => (Part: part, Failure: FailureOfSome(run, part))).FirstOrDefault(static tried => tried.Failure is not null)
            is { Failure: { } still } part)
        {
            (found, failure) = (part.Part, still);
        }

        return $"{failure}\n{print(found)}";
    }

    // Threads come as they like: one attempt says little.
    private static string? FailureOfSome<T>(Action<T> run, T made) =>
        Enumerable.Range(0, Attempts).Select(_ => Failure(run, made)).FirstOrDefault(static failure => failure is not null);

    private static string? Failure<T>(Action<T> run, T made)
    {
        try
        {
            run(made);
            return null;
        }
        catch (Exception exception)
        {
            return $"{exception.GetType().Name}: {exception.Message}";
        }
    }
}
