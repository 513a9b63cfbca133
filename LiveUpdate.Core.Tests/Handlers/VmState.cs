using System.Buffers;
using MessagePack;

namespace LiveUpdate.Tests.Handlers;

/// <summary>A state with texts, bytes, a list and a tree.</summary>
internal sealed class VmState
{
    public string Name { get; set; } = "";

    public List<byte[]> Pages { get; set; } = [];

    public long Ticks { get; set; }

    public VmState? Child { get; set; }

    /// <summary>Since version 2.</summary>
    public string Owner { get; set; } = "";

    /// <summary>Asserts that two states are equal.</summary>
    public static void AssertEqual(VmState? actual, VmState? expected)
    {
        if (expected is null || actual is null)
        {
            Assert.That(actual, Is.EqualTo(expected));
            return;
        }

        Assert.That(string.Equals(actual.Name, expected.Name, StringComparison.Ordinal), Is.True, "name");
        Assert.That((actual.Ticks, actual.Owner), Is.EqualTo((expected.Ticks, expected.Owner)));
        Assert.That(actual.Pages, Has.Count.EqualTo(expected.Pages.Count));
        for (int i = 0; i < actual.Pages.Count; i++)
            Assert.That(actual.Pages[i].AsSpan().SequenceEqual(expected.Pages[i]), Is.True, $"page {i}");
        AssertEqual(actual.Child, expected.Child);
    }
}

/// <summary>Writes <see cref="VmState"/> as version 1 or 2 and reads every version up to that.</summary>
internal sealed class VmStateFormatter(int version = 2) : IStateFormatter<VmState>
{
    public int Version => version;

    public void Serialize(ref MessagePackWriter writer, VmState value)
    {
        writer.WriteArrayHeader(version == 1 ? 4 : 5);
        writer.Write(value.Name);
        writer.WriteArrayHeader(value.Pages.Count);
        foreach (byte[] page in value.Pages)
            writer.Write(page);
        writer.Write(value.Ticks);
        if (value.Child is null)
            writer.WriteNil();
        else
            Serialize(ref writer, value.Child);
        if (version > 1)
            writer.Write(value.Owner);
    }

    public VmState Deserialize(ref MessagePackReader reader, int version)
    {
        reader.DepthStep();
        if (reader.ReadArrayHeader() != (version == 1 ? 4 : 5))
            throw new MessagePackSerializationException("A state has 4 or 5 members.");
        var state = new VmState { Name = reader.ReadString() ?? throw new MessagePackSerializationException("A state has a name.") };
        int pages = reader.ReadArrayHeader();
        state.Pages.Capacity = pages;
        for (int i = 0; i < pages; i++)
            state.Pages.Add((reader.ReadBytes() ?? throw new MessagePackSerializationException("A page is missing.")).ToArray());
        state.Ticks = reader.ReadInt64();
        state.Child = reader.TryReadNil() ? null : Deserialize(ref reader, version);
        if (version > 1)
            state.Owner = reader.ReadString() ?? "";
        reader.Depth--;
        return state;
    }
}
