using LiveUpdate;
using MessagePack;

namespace ZeroDowntimeServer.Serving;

/// <summary>Version 1 of the server's state.</summary>
internal sealed class ServerStateFormatter : IStateFormatter<ServerState>
{
    public static readonly ServerStateFormatter Instance = new();

    public int Version => 1;

    public void Serialize(ref MessagePackWriter writer, ServerState value)
    {
        writer.Write(value.Requests);
        writer.Write(value.Connections);
        writer.Write(value.RestedAt);
    }

    public ServerState Deserialize(ref MessagePackReader reader, int version) => new()
    {
        Requests = reader.ReadUInt64(),
        Connections = reader.ReadUInt64(),
        RestedAt = reader.ReadInt64(),
    };
}
