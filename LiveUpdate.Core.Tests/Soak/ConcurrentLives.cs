using LiveUpdate.Tests.ParallelLives;

namespace LiveUpdate.Tests.Soak;

/// <summary>The long form of <see cref="ParallelLifeTests"/>.</summary>
internal static class ConcurrentLives
{
    public static SoakResult Run(SoakArguments arguments) => RandomCases.Run(
        arguments, ParallelLife.Lives, static life => life.Count, ParallelLifeRun.Live, static life => life.Smaller(), static life => $"{life}");
}
