using MessagePack;

namespace LiveUpdate.Agent;

/// <summary>The records within an agent's messages.</summary>
internal static class UpdateRecords
{
    private const int SessionFields = 6;
    private const int FileFields = 3;
    private const int FindingFields = 5;
    private const int CountFields = 6;
    private const int SubscriberFields = 3;
    private const int AgentFields = 5;

    public static void WriteAgent(ref MessagePackWriter writer, AgentInfo agent)
    {
        writer.Write(agent.Version);
        writer.Write(agent.ProcessId);
        writer.Write(agent.BackEnd);
        writer.Write(agent.KeepsState);
        writer.Write(agent.Generation);
    }

    public static AgentInfo ReadAgent(ref MessagePackReader reader) =>
        new(reader.ReadInt32(), reader.ReadInt32(), UpdatePayload.ReadText(ref reader), reader.ReadBoolean(), reader.ReadUInt64());

    public static void WriteStatus(ref MessagePackWriter writer, AgentStatus status)
    {
        writer.WriteArrayHeader(AgentFields);
        WriteAgent(ref writer, status.Agent);
        writer.Write((long)status.Uptime.TotalMilliseconds);
        writer.Write((int)status.Phase);
        writer.Write(status.Update);
        UpdatePayload.WriteMilliseconds(ref writer, status.TimeLeft);
        writer.WriteArrayHeader(CountFields);
        writer.Write(status.DeviceConnections);
        writer.Write(status.OutgoingSessions);
        writer.Write(status.IncomingSessions);
        writer.Write(status.ParkedSessions);
        writer.Write(status.Files);
        writer.Write(status.Bytes);
        UpdateNoticeFields.WriteAll(ref writer, status.Subscribers, WriteSubscriber);
    }

    public static AgentStatus ReadStatus(ref MessagePackReader reader)
    {
        int rest = UpdatePayload.Enter(ref reader, AgentFields, "The agent");
        AgentInfo agent = ReadAgent(ref reader);
        UpdatePayload.Skip(ref reader, rest);
        TimeSpan uptime = TimeSpan.FromMilliseconds(reader.ReadInt64());
        var phase = (AgentUpdatePhase)reader.ReadInt32();
        ulong update = reader.ReadUInt64();
        TimeSpan timeLeft = UpdatePayload.ReadMilliseconds(ref reader);
        rest = UpdatePayload.Enter(ref reader, CountFields, "The counts");
        var counts = new UpdateCounts(
            reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64());
        UpdatePayload.Skip(ref reader, rest);
        return new AgentStatus
        {
            Agent = agent,
            Uptime = uptime,
            Phase = phase,
            Update = update,
            TimeLeft = timeLeft,
            DeviceConnections = counts.DeviceConnections,
            OutgoingSessions = counts.OutgoingSessions,
            IncomingSessions = counts.IncomingSessions,
            ParkedSessions = counts.ParkedSessions,
            Files = counts.Files,
            Bytes = counts.Bytes,
            Subscribers = UpdateNoticeFields.ReadAll(ref reader, ReadSubscriber),
        };
    }

    public static void WriteSession(ref MessagePackWriter writer, AgentSessionInfo session)
    {
        writer.WriteArrayHeader(SessionFields);
        writer.Write(session.Name.Utf8);
        writer.Write(session.IsIncoming);
        writer.Write(session.User);
        writer.Write(session.IsOpen);
        writer.Write(session.Files);
        writer.Write(session.Bytes);
    }

    public static AgentSessionInfo ReadSession(ref MessagePackReader reader)
    {
        int rest = UpdatePayload.Enter(ref reader, SessionFields, "A session");
        var session = new AgentSessionInfo(
            UpdatePayload.ReadName(ref reader),
            reader.ReadBoolean(),
            reader.ReadUInt32(),
            reader.ReadBoolean(),
            reader.ReadInt64(),
            reader.ReadInt64());
        UpdatePayload.Skip(ref reader, rest);
        return session;
    }

    public static void WriteFile(ref MessagePackWriter writer, AgentFileInfo file)
    {
        writer.WriteArrayHeader(FileFields);
        writer.Write(file.Token.Value);
        writer.Write(file.Bytes);
        writer.Write(file.IsRetrieved);
    }

    public static AgentFileInfo ReadFile(ref MessagePackReader reader)
    {
        int rest = UpdatePayload.Enter(ref reader, FileFields, "A file");
        var file = new AgentFileInfo(new Token(reader.ReadUInt64()), reader.ReadInt64(), reader.ReadBoolean());
        UpdatePayload.Skip(ref reader, rest);
        return file;
    }

    public static void WriteFinding(ref MessagePackWriter writer, PreflightFinding finding)
    {
        writer.WriteArrayHeader(FindingFields);
        writer.Write(finding.Id);
        writer.Write((int)finding.Severity);
        writer.Write(finding.Message);
        writer.Write(finding.Remedy);
        writer.Write((int)finding.Error);
    }

    public static PreflightFinding ReadFinding(ref MessagePackReader reader)
    {
        int rest = UpdatePayload.Enter(ref reader, FindingFields, "A finding");
        var finding = new PreflightFinding(
            UpdatePayload.ReadText(ref reader),
            (PreflightSeverity)reader.ReadInt32(),
            UpdatePayload.ReadText(ref reader),
            reader.ReadString())
        {
            Error = Errno.FromPeer(reader.ReadInt32()),
        };
        UpdatePayload.Skip(ref reader, rest);
        return finding;
    }

    public static void WriteEvent(ref MessagePackWriter writer, AgentEvent happened)
    {
        writer.Write((int)happened.Kind);
        writer.Write(happened.Update);
        writer.Write((long)happened.Time.TotalMicroseconds);
        writer.Write(happened.Phase);
        writer.Write(happened.SubscriberId);
        writer.Write(happened.Subscriber);
        writer.Write((int)happened.State);
        writer.Write((int)happened.Error);
        writer.Write(happened.Reason);
    }

    public static AgentEvent ReadEvent(ref MessagePackReader reader) => new()
    {
        Kind = (AgentEventKind)reader.ReadInt32(),
        Update = reader.ReadUInt64(),
        Time = ReadMicroseconds(ref reader),
        Phase = UpdatePayload.ReadText(ref reader),
        SubscriberId = reader.ReadInt32(),
        Subscriber = reader.ReadString(),
        State = (AgentSubscriberState)reader.ReadInt32(),
        Error = (LiveUpdateError)reader.ReadInt32(),
        Reason = reader.ReadString(),
    };

    private static void WriteSubscriber(ref MessagePackWriter writer, AgentSubscriberStatus subscriber)
    {
        writer.WriteArrayHeader(SubscriberFields);
        writer.Write(subscriber.Id);
        writer.Write(subscriber.Name);
        writer.Write((int)subscriber.State);
    }

    private static AgentSubscriberStatus ReadSubscriber(ref MessagePackReader reader)
    {
        int rest = UpdatePayload.Enter(ref reader, SubscriberFields, "A subscriber");
        var subscriber = new AgentSubscriberStatus(
            reader.ReadInt32(), UpdatePayload.ReadText(ref reader), (AgentSubscriberState)reader.ReadInt32());
        UpdatePayload.Skip(ref reader, rest);
        return subscriber;
    }

    // What no TimeSpan can hold is an OverflowException, which counts as damage.
    private static TimeSpan ReadMicroseconds(ref MessagePackReader reader) =>
        new(checked(reader.ReadInt64() * TimeSpan.TicksPerMicrosecond));
}
