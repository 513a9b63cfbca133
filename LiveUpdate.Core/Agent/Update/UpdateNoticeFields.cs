using MessagePack;

namespace LiveUpdate.Agent;

/// <summary>The elements of an agent's messages behind the kind.</summary>
internal static class UpdateNoticeFields
{
    /// <summary>Writes them.</summary>
    public static void Write(ref MessagePackWriter writer, UpdateNotice notice)
    {
        if (notice.Kind == UpdateMessageKind.Restarted)
            return;
        if (notice.Kind != UpdateMessageKind.Event)
            writer.Write(notice.Number);
        switch (notice.Kind)
        {
            case UpdateMessageKind.Welcome:
                UpdateRecords.WriteAgent(ref writer, notice.Agent!);
                break;
            case UpdateMessageKind.Done:
                writer.Write(notice.RequestKind);
                writer.Write(notice.Update);
                break;
            case UpdateMessageKind.Error:
                writer.Write(notice.RequestKind);
                writer.Write((int)notice.Error);
                writer.Write(notice.Text);
                break;
            case UpdateMessageKind.Prepare:
                UpdatePayload.WriteMilliseconds(ref writer, notice.TimeLeft);
                break;
            case UpdateMessageKind.CalledOff:
                writer.Write((int)notice.Error);
                writer.Write(notice.Text);
                break;
            case UpdateMessageKind.Updated:
                writer.Write(notice.Generation);
                UpdatePayload.WriteMilliseconds(ref writer, notice.TimeLeft);
                break;
            case UpdateMessageKind.Over:
                writer.Write(notice.Generation);
                writer.Write(notice.Claimed);
                writer.Write(notice.Finished);
                WriteAll(ref writer, notice.Names, static (ref MessagePackWriter writer, string name) => writer.Write(name));
                break;
            case UpdateMessageKind.StatusAnswer:
                UpdateRecords.WriteStatus(ref writer, notice.Status!);
                break;
            case UpdateMessageKind.SessionsAnswer:
                WriteAll(ref writer, notice.Sessions, UpdateRecords.WriteSession);
                writer.Write(notice.HasMore);
                break;
            case UpdateMessageKind.FilesAnswer:
                WriteAll(ref writer, notice.Files, UpdateRecords.WriteFile);
                writer.Write(notice.HasMore);
                break;
            case UpdateMessageKind.FindingsAnswer:
                WriteAll(ref writer, notice.Findings, UpdateRecords.WriteFinding);
                break;
            case UpdateMessageKind.Event:
                UpdateRecords.WriteEvent(ref writer, notice.Event!);
                break;
        }
    }

    /// <summary>Reads them.</summary>
    public static UpdateNotice Read(ref MessagePackReader reader, UpdateMessageKind kind)
    {
        ulong number = kind is UpdateMessageKind.Restarted or UpdateMessageKind.Event ? 0 : reader.ReadUInt64();
        return kind switch
        {
            UpdateMessageKind.Welcome => new(kind) { Number = number, Agent = UpdateRecords.ReadAgent(ref reader) },
            UpdateMessageKind.Done => new(kind) { Number = number, RequestKind = reader.ReadByte(), Update = reader.ReadUInt64() },
            UpdateMessageKind.Error => new(kind)
            {
                Number = number,
                RequestKind = reader.ReadByte(),
                Error = Errno.FromPeer(reader.ReadInt32()),
                Text = UpdatePayload.ReadText(ref reader),
            },
            UpdateMessageKind.Prepare => new(kind) { Number = number, TimeLeft = UpdatePayload.ReadMilliseconds(ref reader) },
            UpdateMessageKind.CalledOff => new(kind)
            {
                Number = number,
                Error = Errno.FromPeer(reader.ReadInt32()),
                Text = UpdatePayload.ReadText(ref reader),
            },
            UpdateMessageKind.Updated => new(kind)
            {
                Number = number,
                Generation = reader.ReadUInt64(),
                TimeLeft = UpdatePayload.ReadMilliseconds(ref reader),
            },
            UpdateMessageKind.Over => new(kind)
            {
                Number = number,
                Generation = reader.ReadUInt64(),
                Claimed = reader.ReadUInt32(),
                Finished = reader.ReadUInt32(),
                Names = ReadAll(ref reader, UpdatePayload.ReadText),
            },
            UpdateMessageKind.StatusAnswer => new(kind) { Number = number, Status = UpdateRecords.ReadStatus(ref reader) },
            UpdateMessageKind.SessionsAnswer => new(kind)
            {
                Number = number,
                Sessions = ReadAll(ref reader, UpdateRecords.ReadSession),
                HasMore = reader.ReadBoolean(),
            },
            UpdateMessageKind.FilesAnswer => new(kind)
            {
                Number = number,
                Files = ReadAll(ref reader, UpdateRecords.ReadFile),
                HasMore = reader.ReadBoolean(),
            },
            UpdateMessageKind.FindingsAnswer => new(kind) { Number = number, Findings = ReadAll(ref reader, UpdateRecords.ReadFinding) },
            UpdateMessageKind.Event => new(kind) { Event = UpdateRecords.ReadEvent(ref reader) },
            _ => new(kind) { Number = number },
        };
    }

    /// <summary>Writes an array.</summary>
    internal static void WriteAll<T>(ref MessagePackWriter writer, IReadOnlyList<T> items, WriteItem<T> write)
    {
        writer.WriteArrayHeader(items.Count);
        foreach (T item in items)
            write(ref writer, item);
    }

    /// <summary>Reads an array; nothing is allocated for elements that are not there.</summary>
    internal static List<T> ReadAll<T>(ref MessagePackReader reader, ReadItem<T> read)
    {
        var items = new List<T>();
        for (int count = reader.ReadArrayHeader(); count > 0; count--)
            items.Add(read(ref reader));
        return items;
    }

    /// <summary>Writes an element.</summary>
    internal delegate void WriteItem<T>(ref MessagePackWriter writer, T item);

    /// <summary>Reads an element.</summary>
    internal delegate T ReadItem<T>(ref MessagePackReader reader);
}
