using System.Collections.Concurrent;
using CsCheck;

namespace LiveUpdate.Tests.Orchestrator;

/// <summary>Random lives of an orchestrator beside a model of lists. The long form is <c>lives</c>.</summary>
public class RandomLifeTests
{
    [Test]
    public void An_orchestrator_answers_as_the_model()
    {
        ConcurrentDictionary<string, int> answers = [];
        RandomLives.Lives.Sample(
            life => RandomLives.Live(life, answer => answers.AddOrUpdate(answer, 1, static (_, count) => count + 1)),
            writeLine: TestContext.Out.WriteLine,
            iter: 1_000,
            print: static life => string.Join("\n", life.Select(static step => $"{step}")));
        TestContext.Out.WriteLine(string.Join(", ", answers.Select(static answer => $"{answer.Key}: {answer.Value}")));
        Assert.That(answers.Keys, Is.EquivalentTo(RandomLives.Answers), "the lives show every answer");
    }
}
