using System.Buffers;
using MessagePack;

namespace LiveUpdate.Agent;

/// <summary>
/// What an agent tells its successor of the update socket. MessagePack, as untrusted as everything that comes from another process.
/// </summary>
internal sealed class UpdateSaved
{
    private const int Fields = 9;
    private const int CurrentVersion = 1;
    private const int MemberFields = 3;
    private const int ConnectionFields = 4;

    /// <summary>The number of the update under way; 0 if there is none.</summary>
    public ulong Update { get; init; }

    /// <summary>When it began, as a time stamp of the monotonic clock, which is the same in both processes.</summary>
    public long StartedAt { get; init; }

    /// <summary>How long to wait for claims.</summary>
    public TimeSpan ClaimTime { get; init; }

    /// <summary>The connection that started it; −1 for none.</summary>
    public int Initiator { get; init; } = -1;

    /// <summary>The names of those who took part and are gone.</summary>
    public IReadOnlyList<string> Gone { get; init; } = [];

    /// <summary>The connections that watch.</summary>
    public IReadOnlyList<int> Watchers { get; init; } = [];

    /// <summary>The subscribers, by connection.</summary>
    public IReadOnlyList<AgentSubscriberStatus> Members { get; init; } = [];

    /// <summary>The names of those who are ready: who is expected behind a kexec.</summary>
    public IReadOnlyList<string> Expected =>
        [.. Members.Where(static member => member.State == AgentSubscriberState.Ready).Select(static member => member.Name)];

    /// <summary>All connections: key, user, whether it was greeted, name of the program.</summary>
    public IReadOnlyList<(int Key, uint User, bool IsGreeted, string Program)> Connections { get; init; } = [];

    /// <summary>Writes it, with all connections.</summary>
    public byte[] Write(IReadOnlyList<(int Key, uint User, bool IsGreeted, string Program)> connections)
    {
        var buffer = new ArrayBufferWriter<byte>();
        var writer = new MessagePackWriter(buffer);
        writer.WriteArrayHeader(Fields);
        writer.Write(CurrentVersion);
        writer.Write(Update);
        writer.Write(StartedAt);
        writer.Write((uint)ClaimTime.TotalMilliseconds);
        writer.Write(Initiator);
        UpdateNoticeFields.WriteAll(ref writer, Gone, static (ref MessagePackWriter writer, string name) => writer.Write(name));
        UpdateNoticeFields.WriteAll(ref writer, Watchers, static (ref MessagePackWriter writer, int key) => writer.Write(key));
        UpdateNoticeFields.WriteAll(ref writer, Members, WriteMember);
        UpdateNoticeFields.WriteAll(ref writer, connections, WriteConnection);
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads one.</summary>
    /// <exception cref="LiveUpdateException">EPROTO: it cannot be read.</exception>
    public static UpdateSaved Read(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            var reader = new MessagePackReader(bytes);
            int rest = UpdatePayload.Enter(ref reader, Fields, "The state of the update socket");
            int version = reader.ReadInt32();
            if (version != CurrentVersion)
                throw new MessagePackSerializationException($"It is of version {version}, not {CurrentVersion}.");
            var saved = new UpdateSaved
            {
                Update = reader.ReadUInt64(),
                StartedAt = reader.ReadInt64(),
                ClaimTime = UpdatePayload.ReadMilliseconds(ref reader),
                Initiator = reader.ReadInt32(),
                Gone = UpdateNoticeFields.ReadAll(ref reader, UpdatePayload.ReadText),
                Watchers = UpdateNoticeFields.ReadAll(ref reader, static (ref MessagePackReader reader) => reader.ReadInt32()),
                Members = UpdateNoticeFields.ReadAll(ref reader, ReadMember),
                Connections = UpdateNoticeFields.ReadAll(ref reader, ReadConnection),
            };
            UpdatePayload.Leave(ref reader, rest);
            if (saved.Update != 0 && !AgentUpdateOptions.IsInRange(saved.ClaimTime))
                throw new MessagePackSerializationException($"The time to claim is {saved.ClaimTime}.");
            return saved;
        }
        catch (Exception exception) when (SuccessorPayload.IsDamage(exception))
        {
            throw new LiveUpdateException(
                LiveUpdateError.Protocol, $"What the predecessor says of the update socket cannot be read: {exception.Message}", exception);
        }
    }

    private static void WriteMember(ref MessagePackWriter writer, AgentSubscriberStatus member)
    {
        writer.WriteArrayHeader(MemberFields);
        writer.Write(member.Id);
        writer.Write(member.Name);
        writer.Write((int)member.State);
    }

    private static AgentSubscriberStatus ReadMember(ref MessagePackReader reader)
    {
        int rest = UpdatePayload.Enter(ref reader, MemberFields, "A subscriber");
        int key = reader.ReadInt32();
        string name = UpdatePayload.ReadText(ref reader);
        var state = (AgentSubscriberState)reader.ReadInt32();
        if (!UpdatePayload.IsName(name) || state is < AgentSubscriberState.Subscribed or > AgentSubscriberState.LeftBehind)
            throw new MessagePackSerializationException($"The subscriber {key} has no name, or the state {(int)state}.");
        UpdatePayload.Skip(ref reader, rest);
        return new AgentSubscriberStatus(key, name, state);
    }

    private static void WriteConnection(ref MessagePackWriter writer, (int Key, uint User, bool IsGreeted, string Program) connection)
    {
        writer.WriteArrayHeader(ConnectionFields);
        writer.Write(connection.Key);
        writer.Write(connection.User);
        writer.Write(connection.IsGreeted);
        writer.Write(connection.Program);
    }

    private static (int Key, uint User, bool IsGreeted, string Program) ReadConnection(ref MessagePackReader reader)
    {
        int rest = UpdatePayload.Enter(ref reader, ConnectionFields, "A connection");
        (int, uint, bool, string) connection =
            (reader.ReadInt32(), reader.ReadUInt32(), reader.ReadBoolean(), UpdatePayload.ReadText(ref reader));
        UpdatePayload.Skip(ref reader, rest);
        return connection;
    }
}
