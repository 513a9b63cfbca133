using System.Collections.Concurrent;
using CsCheck;

namespace LiveUpdate.Tests.Orchestrator;

/// <summary>
/// Random lives of an orchestrator beside a model of dictionaries: every answer is the same, and the books agree after every step.
/// </summary>
public class RandomLifeTests
{
    // So weighed that sessions fill before they are handed over, and files are retrieved before they are finished.
    private static readonly Gen<LifeOperation> s_operations = Gen.Frequency(
        (3, Gen.Const(LifeOperation.Create)),
        (8, Gen.Const(LifeOperation.Preserve)),
        (1, Gen.Const(LifeOperation.CloseOutgoing)),
        (2, Gen.Const(LifeOperation.Update)),
        (4, Gen.Const(LifeOperation.RetrieveSession)),
        (8, Gen.Const(LifeOperation.Retrieve)),
        (1, Gen.Const(LifeOperation.Finish)),
        (1, Gen.Const(LifeOperation.CloseIncoming)),
        (1, Gen.Const(LifeOperation.DisposeIncoming)));

    private static readonly Gen<(LifeOperation Operation, int Session, int Token, int File, bool Fails)[]> s_lives = Gen.Select(
        s_operations, Gen.Int[0, 3], Gen.Int[0, 3], Gen.Int[0, 15], Gen.Int[0, 6].Select(static i => i == 0)).Array[1, 120];

    private static readonly string[] s_answers =
        ["ok", "none", "file", "Busy", "Exists", "InputOutput", "InvalidArgument", "NotFound", "TimerExpired"];

    [Test]
    public void An_orchestrator_answers_as_the_model()
    {
        ConcurrentDictionary<string, int> answers = [];
        s_lives.Sample(
            life => Live(life, answers),
            writeLine: TestContext.Out.WriteLine,
            iter: 2_000,
            print: static life => string.Join("\n", life.Select(static step => $"{step}")));
        TestContext.Out.WriteLine(string.Join(", ", answers.Select(static answer => $"{answer.Key}: {answer.Value}")));
        Assert.That(answers.Keys, Is.EquivalentTo(s_answers), "the lives show every answer");
    }

    private static void Live(
        (LifeOperation Operation, int Session, int Token, int File, bool Fails)[] life, ConcurrentDictionary<string, int> answers)
    {
        using var real = new RealLife();
        var model = new ModelLife();
        foreach ((LifeOperation operation, int session, int at, int file, bool fails) in life)
        {
            (string name, ulong token) = model.Aim(operation, session, at);
            string expected = model.Do(operation, name, token, file, fails);
            string answer = real.Do(operation, name, token, file, fails);
            Assert.That(answer, Is.EqualTo(expected), $"{operation} {name} {token} {file} {fails}");
            Assert.That(real.Describe(), Is.EqualTo(model.Describe()), $"after {operation} {name} {token} {file} {fails}");
            answers.AddOrUpdate(answer.Split(' ')[0], 1, static (_, count) => count + 1);
        }

        real.End();
    }
}
