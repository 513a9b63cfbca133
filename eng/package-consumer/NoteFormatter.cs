using LiveUpdate;
using MessagePack;

/// <summary>Writes and reads a note.</summary>
internal sealed class NoteFormatter : IStateFormatter<Note>
{
    public int Version => 1;

    public void Serialize(ref MessagePackWriter writer, Note value) => writer.Write(value.Text);

    public Note Deserialize(ref MessagePackReader reader, int version) => new(reader.ReadString() ?? "");
}
