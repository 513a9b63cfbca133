using CsCheck;

namespace LiveUpdate.Tests.Files;

public sealed class ReferenceSetTests
{
    /// <summary>What is done to the set, and to a dictionary of owners beside it.</summary>
    private enum Step
    {
        TryAdd,
        AddOwner,
        Remove,
        Count,
    }

    [Test]
    public void It_does_what_a_dictionary_of_owners_does()
    {
        object[] objects = [.. Enumerable.Range(0, 150).Select(_ => new object())];
        Gen.Select(Gen.Int[0, objects.Length - 1], Gen.Enum<Step>()).Array[0, 600].Sample(
            steps =>
            {
                var set = new ReferenceSet();
                var owners = new Dictionary<object, int>(ReferenceEqualityComparer.Instance);
                foreach ((int number, Step step) in steps)
                    Assert.That(Take(set, objects[number], step), Is.EqualTo(Take(owners, objects[number], step)));
                Assert.That(set.Count, Is.EqualTo(owners.Count));
                foreach (object item in objects)
                    Assert.That(set.TryAdd(item), Is.EqualTo(owners.TryAdd(item, 1)));
            },
            writeLine: TestContext.Out.WriteLine,
            iter: 300);
    }

    [Test]
    public void Equal_objects_are_two()
    {
        var set = new ReferenceSet();
        Assert.That(set.TryAdd(new string('a', 1)), Is.True);
        Assert.That(set.TryAdd(new string('a', 1)), Is.True);
        Assert.That(set.Count, Is.EqualTo(2));
    }

    [Test]
    public void What_is_not_there_cannot_be_removed()
    {
        var set = new ReferenceSet();
        var item = new object();
        Assert.That(set.Remove(item), Is.False);
        set.AddOwner(item);
        Assert.That(set.Remove(item), Is.True);
        Assert.That(set.Remove(item), Is.False);
        Assert.That(set.Count, Is.Zero);
    }

    [Test]
    public void A_hundred_thousand_objects_come_and_go()
    {
        var set = new ReferenceSet();
        object[] objects = [.. Enumerable.Range(0, 100_000).Select(_ => new object())];
        foreach (object item in objects)
            set.AddOwner(item);
        Assert.That(objects.Any(set.TryAdd), Is.False);
        Assert.That(objects.All(set.Remove), Is.True);
        Assert.That(set.Count, Is.Zero);
    }

    private static int Take(ReferenceSet set, object item, Step step)
    {
        switch (step)
        {
            case Step.TryAdd:
                return set.TryAdd(item) ? 1 : 0;
            case Step.AddOwner:
                set.AddOwner(item);
                return 1;
            case Step.Remove:
                return set.Remove(item) ? 1 : 0;
            default:
                return set.Count;
        }
    }

    private static int Take(Dictionary<object, int> owners, object item, Step step)
    {
        int before = owners.GetValueOrDefault(item);
        switch (step)
        {
            case Step.TryAdd:
                return owners.TryAdd(item, 1) ? 1 : 0;
            case Step.AddOwner:
                owners[item] = before + 1;
                return 1;
            case Step.Remove:
                if (before > 1)
                    owners[item] = before - 1;
                else
                    owners.Remove(item);
                return before > 0 ? 1 : 0;
            default:
                return owners.Count;
        }
    }
}
