using MessagePack;

namespace LiveUpdate.Machine.Update;

internal sealed class LedgerFormatter : IStateFormatter<Ledger>
{
    public static readonly LedgerFormatter Instance = new();

    public int Version => 1;

    public void Serialize(ref MessagePackWriter writer, Ledger value)
    {
        writer.Write(value.Generation);
        writer.Write(value.Token);
        writer.Write(value.Text);
    }

    public Ledger Deserialize(ref MessagePackReader reader, int version) => new(reader.ReadInt32(), reader.ReadInt32(), reader.ReadString()!);
}
