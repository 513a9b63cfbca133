using System.Buffers;
using MessagePack;

namespace LiveUpdate.Agent;

/// <summary>What a client says. Each kind has the fields that docs/agent.md lists for it.</summary>
internal sealed class UpdateRequest(UpdateMessageKind kind)
{
    /// <summary>What it is.</summary>
    public UpdateMessageKind Kind => kind;

    /// <summary>
    /// The number of the request, which its answer repeats; in ready, refuse, claimed and finished the number of the update.
    /// </summary>
    public ulong Number { get; init; }

    /// <summary>hello: the version that the client speaks.</summary>
    public uint Version { get; init; }

    /// <summary>hello, subscribe: the name.</summary>
    public string Name { get; init; } = "";

    /// <summary>refuse: why.</summary>
    public string Reason { get; init; } = "";

    /// <summary>start: the time to prepare.</summary>
    public TimeSpan PrepareTime { get; init; }

    /// <summary>start: the time to claim.</summary>
    public TimeSpan ClaimTime { get; init; }

    /// <summary>start: whether silent subscribers are left behind.</summary>
    public bool LeavesSilentBehind { get; init; }

    /// <summary>cancel: the update.</summary>
    public ulong Update { get; init; }

    /// <summary>sessions: behind which to go on, null for the first; files: the session.</summary>
    public SessionName? Session { get; init; }

    /// <summary>sessions, files: the side of <see cref="Session"/>.</summary>
    public bool IsIncoming { get; init; }

    /// <summary>files: how many to pass over.</summary>
    public uint Skip { get; init; }

    /// <summary>load: the kernel.</summary>
    public KernelImage? Image { get; init; }

    /// <summary>Writes a frame.</summary>
    /// <exception cref="LiveUpdateException">EFBIG: a text in it is too long.</exception>
    public byte[] Write()
    {
        ArrayBufferWriter<byte> buffer = UpdateFrame.Begin();
        var writer = new MessagePackWriter(buffer);
        writer.WriteArrayHeader(2 + (FieldsOf(kind) ?? 0));
        writer.Write((byte)kind);
        writer.Write(Number);
        WriteFields(ref writer);
        writer.Flush();
        return UpdateFrame.End(buffer);
    }

    /// <summary>Reads what is behind a frame's length. A kind that is not known has its number, if it has one, and nothing else.</summary>
    /// <exception cref="LiveUpdateException">EPROTO: it cannot be read.</exception>
    public static UpdateRequest Read(in ReadOnlySequence<byte> payload)
    {
        try
        {
            var reader = new MessagePackReader(payload);
            int rest = UpdatePayload.Enter(ref reader, 2, "A message");
            var kind = (UpdateMessageKind)reader.ReadByte();
            ulong number = reader.ReadUInt64();
            if (FieldsOf(kind) is not { } fields)
                return new UpdateRequest(kind) { Number = number };
            if (rest < fields)
            {
                throw new MessagePackSerializationException(
                    $"A message of kind {(int)kind} has {rest + 2} elements, fewer than {fields + 2}.");
            }

            UpdateRequest request = ReadFields(ref reader, kind, number);
            UpdatePayload.Leave(ref reader, rest - fields);
            return request;
        }
        catch (Exception exception) when (SuccessorPayload.IsDamage(exception))
        {
            throw new LiveUpdateException(LiveUpdateError.Protocol, $"A client's message cannot be read: {exception.Message}", exception);
        }
    }

    // How many elements a kind has behind its number; null for a kind that is not a client's.
    private static int? FieldsOf(UpdateMessageKind kind) => kind switch
    {
        UpdateMessageKind.Hello => 2,
        UpdateMessageKind.Subscribe => 1,
        UpdateMessageKind.Refuse => 1,
        UpdateMessageKind.Start => 3,
        UpdateMessageKind.Cancel => 1,
        UpdateMessageKind.Sessions => 2,
        UpdateMessageKind.Files => 3,
        UpdateMessageKind.Load => 3,
        >= UpdateMessageKind.Ready and <= UpdateMessageKind.Watch => 0,
        _ => null,
    };

    private void WriteFields(ref MessagePackWriter writer)
    {
        switch (kind)
        {
            case UpdateMessageKind.Hello:
                writer.Write(Version);
                writer.Write(Name);
                break;
            case UpdateMessageKind.Subscribe:
                writer.Write(Name);
                break;
            case UpdateMessageKind.Refuse:
                writer.Write(Reason);
                break;
            case UpdateMessageKind.Start:
                UpdatePayload.WriteMilliseconds(ref writer, PrepareTime);
                UpdatePayload.WriteMilliseconds(ref writer, ClaimTime);
                writer.Write(LeavesSilentBehind);
                break;
            case UpdateMessageKind.Cancel:
                writer.Write(Update);
                break;
            case UpdateMessageKind.Sessions when Session is null:
                writer.WriteNil();
                writer.WriteNil();
                break;
            case UpdateMessageKind.Sessions or UpdateMessageKind.Files:
                writer.Write(Session!.Value.Utf8);
                writer.Write(IsIncoming);
                if (kind == UpdateMessageKind.Files)
                    writer.Write(Skip);
                break;
            case UpdateMessageKind.Load:
                writer.Write(Image!.Path);
                writer.Write(Image.Initrd);
                writer.Write(Image.CommandLine);
                break;
        }
    }

    private static UpdateRequest ReadFields(ref MessagePackReader reader, UpdateMessageKind kind, ulong number) => kind switch
    {
        UpdateMessageKind.Hello => new(kind) { Number = number, Version = reader.ReadUInt32(), Name = UpdatePayload.ReadText(ref reader) },
        UpdateMessageKind.Subscribe => new(kind) { Number = number, Name = UpdatePayload.ReadText(ref reader) },
        UpdateMessageKind.Refuse => new(kind) { Number = number, Reason = UpdatePayload.ReadText(ref reader) },
        UpdateMessageKind.Start => new(kind)
        {
            Number = number,
            PrepareTime = UpdatePayload.ReadMilliseconds(ref reader),
            ClaimTime = UpdatePayload.ReadMilliseconds(ref reader),
            LeavesSilentBehind = reader.ReadBoolean(),
        },
        UpdateMessageKind.Cancel => new(kind) { Number = number, Update = reader.ReadUInt64() },
        UpdateMessageKind.Sessions when reader.TryReadNil() => SkipSide(ref reader, new(kind) { Number = number }),
        UpdateMessageKind.Sessions => new(kind)
        {
            Number = number,
            Session = UpdatePayload.ReadName(ref reader),
            IsIncoming = reader.ReadBoolean(),
        },
        UpdateMessageKind.Files => new(kind)
        {
            Number = number,
            Session = UpdatePayload.ReadName(ref reader),
            IsIncoming = reader.ReadBoolean(),
            Skip = reader.ReadUInt32(),
        },
        UpdateMessageKind.Load => new(kind)
        {
            Number = number,
            Image = new KernelImage
            {
                Path = UpdatePayload.ReadText(ref reader),
                Initrd = reader.ReadString(),
                CommandLine = UpdatePayload.ReadText(ref reader),
            },
        },
        _ => new(kind) { Number = number },
    };

    // Without a session the side means nothing, whatever it is.
    private static UpdateRequest SkipSide(ref MessagePackReader reader, UpdateRequest request)
    {
        UpdatePayload.Skip(ref reader, 1);
        return request;
    }
}
