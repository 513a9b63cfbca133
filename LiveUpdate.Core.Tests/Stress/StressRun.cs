using LiveUpdate.Kho;
using LiveUpdate.Tests.Infrastructure;
using LiveUpdate.Tests.Kho;
using LiveUpdate.Tests.Soak;

namespace LiveUpdate.Tests.Stress;

/// <summary>
/// Many threads over one orchestrator, and a hand-over in the midst of their work, again and again; before each one is called off. The long
/// form is <c>stress</c>; the count is generations.
/// </summary>
internal static class StressRun
{
    private const int Threads = 16;
    private const int MaxOperations = 4_000;
    private const long MemorySize = 8L << 20;

    public static SoakResult Run(SoakArguments arguments)
    {
        Console.WriteLine($"seed {arguments.Seed}");
        var figures = new StressFigures();
        var findings = new List<string>();
        try
        {
            Run(arguments, figures);
        }
        catch (Exception exception)
        {
            findings.Add($"seed {arguments.Seed}, generation {figures.Generations}: {exception}");
        }

        return new SoakResult(
            [("threads", Threads), ("generations", figures.Generations), ("operations", figures.Operations), ("files", figures.Files)], findings);
    }

    private static void Run(SoakArguments arguments, StressFigures figures)
    {
        var random = new Random(arguments.Seed);
        var flb = new PageFlb();
        var handler = new PageHandler();
        handler.DependsOn.Add(flb);
        StressWorker[] workers = [.. Enumerable.Range(0, Threads).Select(number => new StressWorker(number, arguments.Seed + number))];
        using KhoMemory memory = KhoMemory.Allocate(MemorySize);
        LiveUpdateOptions options = Generation.Options(handler);
        options.Memory = memory;
        var generation = new StressGeneration(LiveUpdateOrchestrator.Boot(options), flb, Threads);
        Held cold = Held.By(generation.Luo.Engine);
        while (arguments.GoesOn(figures.Generations))
        {
            StressGeneration ended = generation;
            generation = new StressGeneration(Live(ended, workers, random.Next(MaxOperations), Generation.Options(handler)), flb, Threads);
            figures.Add(ended.Operations, Check(generation.Luo));
            ended.Dispose();
        }

        foreach (StressWorker worker in workers)
            worker.TakeBack(generation);
        Assert.That(Held.By(generation.Luo.Engine), Is.EqualTo(cold));
        Generations.AssertBalanced(generation.Luo.Engine.Memory);
        generation.Dispose();
    }

    private static LiveUpdateOrchestrator Live(StressGeneration generation, StressWorker[] workers, int operations, LiveUpdateOptions next)
    {
        Worker[] threads = [.. workers.Select(worker => Worker.Start(() => worker.Live(generation)))];
        Until(threads, () => generation.Ready.IsSet);
        Until(threads, () => generation.Operations >= operations / 2);
        CallOff(generation.Luo);
        Until(threads, () => generation.Operations >= operations);
        LiveUpdateOrchestrator handedOver = generation.Luo.HandOver(HandoverTarget.InProcess(next)).Next;
        foreach (Worker thread in threads)
            thread.Join();
        return handedOver;
    }

    // A thread that ends early has found something, which its end tells.
    private static void Until(Worker[] threads, Func<bool> condition)
    {
        while (!condition() && !Array.Exists(threads, static thread => thread.HasEnded))
            Thread.Yield();
    }

    private static void CallOff(LiveUpdateOrchestrator luo) => Refused.With(LiveUpdateError.TimedOut, () => luo.HandOver(
        new StopTarget { BeforeCommit = static _ => throw new LiveUpdateException(LiveUpdateError.TimedOut, "called off") }));

    // Every file that was written is listed, every page is somebody's, and nothing went wrong where nobody was told.
    private static long Check(LiveUpdateOrchestrator luo)
    {
        long files = luo.Engine.Handlers.Ordered[0].LiveFiles;
        Assert.That(files, Is.EqualTo(luo.PreviousUpdate!.Files));
        Assert.That(luo.CleanupErrors, Is.Empty);
        Generations.AssertBalanced(luo.Engine.Memory);
        return files;
    }
}
