using MessagePack;

namespace LiveUpdate.TestHost;

internal sealed class NoteFormatter : IStateFormatter<Note>
{
    public static readonly NoteFormatter Instance = new();

    public int Version => 1;

    public void Serialize(ref MessagePackWriter writer, Note value)
    {
        writer.Write(value.Text);
        writer.Write(value.Number);
    }

    public Note Deserialize(ref MessagePackReader reader, int version) => new(reader.ReadString()!, reader.ReadInt64());
}
