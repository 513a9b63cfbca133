using System.Diagnostics;
using LiveUpdate;
using MessagePack;

namespace ZeroDowntimeServer.Serving;

/// <summary>Fails when the state is read: before the commit, while everything is frozen.</summary>
internal sealed class SabotagedFormatter(Sabotage how) : IStateFormatter<ServerState>
{
    public int Version => ServerStateFormatter.Instance.Version;

    public void Serialize(ref MessagePackWriter writer, ServerState value) => ServerStateFormatter.Instance.Serialize(ref writer, value);

    public ServerState Deserialize(ref MessagePackReader reader, int version)
    {
        if (how == Sabotage.Crash)
        {
            using Process self = Process.GetCurrentProcess();
            self.Kill();
        }

        throw new MessagePackSerializationException("Refused on purpose.");
    }
}
