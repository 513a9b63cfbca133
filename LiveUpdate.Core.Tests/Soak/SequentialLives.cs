using LiveUpdate.Tests.Orchestrator;

namespace LiveUpdate.Tests.Soak;

/// <summary>The long form of <see cref="RandomLifeTests"/>.</summary>
internal static class SequentialLives
{
    public static SoakResult Run(SoakArguments arguments)
    {
        int lives = 0;
        while (arguments.GoesOn(lives))
        {
            new RandomLifeTests().An_orchestrator_answers_as_the_model();
            lives += 2_000;
        }

        return new SoakResult([("lives", lives)], []);
    }
}
