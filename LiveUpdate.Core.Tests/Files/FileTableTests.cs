using CsCheck;
using LiveUpdate.Abi;

namespace LiveUpdate.Tests.Files;

public sealed class FileTableTests
{
    [Test]
    public void It_finds_the_first_file_of_every_token()
    {
        Gen.ULong[0, 400].Array[0, 500].Sample(
            tokens =>
            {
                var table = new FileTable();
                var first = new Dictionary<ulong, int>();
                foreach (ulong token in tokens)
                {
                    table.Reserve(table.Count + 1);
                    bool isNew = first.TryAdd(token, table.Count);
                    Assert.That(table.Add(token, data: 0, handler: 0), Is.EqualTo(isNew));
                }

                Assert.That(table.Count, Is.EqualTo(tokens.Length));
                for (ulong token = 0; token <= 400; token++)
                    Assert.That(table.Find(token), Is.EqualTo(first.GetValueOrDefault(token, -1)));
                for (int number = 0; number < tokens.Length; number++)
                    Assert.That(table[number].Token, Is.EqualTo(tokens[number]));
            },
            writeLine: TestContext.Out.WriteLine,
            iter: 200);
    }

    [Test]
    public void An_empty_table_has_no_file_and_no_room()
    {
        var table = new FileTable();
        Assert.That(table.Find(0), Is.EqualTo(-1));
        Assert.That(table.HasRoom, Is.False);
    }

    [TestCase(1)]
    [TestCase(63)]
    [TestCase(4096)]
    [TestCase(4097)]
    [TestCase(20_000)]
    public void Room_that_was_made_is_enough(int count)
    {
        var table = new FileTable();
        table.Reserve(count);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < count; i++)
        {
            bool hasRoom = table.HasRoom;
            bool isNew = table.Add((ulong)i << 40, (ulong)i, handler: 1);
            if (!hasRoom || !isNew)
                Assert.Fail($"file {i}");
        }

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
        Assert.That(Enumerable.Range(0, count).All(i => table.Find((ulong)i << 40) == i && table[i].Data == (ulong)i), Is.True);
    }

    [Test]
    public void It_grows_by_one_file_at_a_time_and_begins_again_after_a_clear()
    {
        var table = new FileTable();
        for (int round = 0; round < 2; round++)
        {
            for (int i = 0; i < 10_000; i++)
            {
                if (!table.HasRoom)
                    table.Reserve(table.Count + 1);
                table.Add((ulong)i, (ulong)(i + round), handler: 0);
            }

            Assert.That(Enumerable.Range(0, 10_000).All(i => table[table.Find((ulong)i)].Data == (ulong)(i + round)), Is.True);
            table.Clear();
            Assert.That(table.Count, Is.Zero);
            Assert.That(table.Find(1), Is.EqualTo(-1));
        }
    }

    [Test]
    public void Touching_changes_nothing()
    {
        var table = new FileTable();
        table.Reserve(3);
        LuoFileSer[] records = [new() { Token = 5 }, new() { Token = 6 }];
        table.Touch(records);
        Assert.That(table.Count, Is.Zero);
        Assert.That(table.Find(5), Is.EqualTo(-1));
    }
}
