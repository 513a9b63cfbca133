using LiveUpdate.Tests.Orchestrator;

namespace LiveUpdate.Tests.Soak;

/// <summary>The long form of <see cref="RandomLifeTests"/>.</summary>
internal static class SequentialLives
{
    public static SoakResult Run(SoakArguments arguments) => RandomCases.Run(
        arguments,
        RandomLives.Lives,
        static life => life.Length,
        static life => RandomLives.Live(life, static _ => { }),
        static life => Enumerable.Range(0, life.Length).Reverse().Select(left => (LifeStep[])[.. life[..left], .. life[(left + 1)..]]),
        static life => string.Join('\n', life));
}
