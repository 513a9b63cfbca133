using System.Buffers;
using MessagePack;

namespace LiveUpdate.Agent;

/// <summary>What an agent says. Each kind has the fields that docs/agent.md lists for it.</summary>
internal sealed class UpdateNotice(UpdateMessageKind kind)
{
    private byte[]? _frame;

    /// <summary>What it is.</summary>
    public UpdateMessageKind Kind => kind;

    /// <summary>An answer: the number of the request, 0 if it is to none. Otherwise the number of the update.</summary>
    public ulong Number { get; init; }

    /// <summary>done, error: the kind of the request; 0 if it is to none.</summary>
    public byte RequestKind { get; init; }

    /// <summary>done of a start: the number of the update.</summary>
    public ulong Update { get; init; }

    /// <summary>error, called off: why.</summary>
    public LiveUpdateError Error { get; init; }

    /// <summary>error, called off: why, in a sentence.</summary>
    public string Text { get; init; } = "";

    /// <summary>prepare, updated: the time left.</summary>
    public TimeSpan TimeLeft { get; init; }

    /// <summary>updated, over: the number of the generation.</summary>
    public ulong Generation { get; init; }

    /// <summary>over: how many have claimed.</summary>
    public uint Claimed { get; init; }

    /// <summary>over: how many have finished.</summary>
    public uint Finished { get; init; }

    /// <summary>over: the names of those who have not finished.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>welcome: what the agent says of itself.</summary>
    public AgentInfo? Agent { get; init; }

    /// <summary>status: what it says.</summary>
    public AgentStatus? Status { get; init; }

    /// <summary>sessions: some of them.</summary>
    public IReadOnlyList<AgentSessionInfo> Sessions { get; init; } = [];

    /// <summary>files: some of them.</summary>
    public IReadOnlyList<AgentFileInfo> Files { get; init; } = [];

    /// <summary>findings: all of them.</summary>
    public IReadOnlyList<PreflightFinding> Findings { get; init; } = [];

    /// <summary>sessions, files: whether there are more.</summary>
    public bool HasMore { get; init; }

    /// <summary>event: what happened.</summary>
    public AgentEvent? Event { get; init; }

    /// <summary>Whether it answers a request.</summary>
    public bool IsAnswer => kind is UpdateMessageKind.Welcome or UpdateMessageKind.Done or UpdateMessageKind.Error
        or (>= UpdateMessageKind.StatusAnswer and <= UpdateMessageKind.FindingsAnswer);

    /// <summary>The frame; made once, since many may get it.</summary>
    public byte[] Frame => _frame ??= Write();

    /// <summary>The answer to a request that was carried out.</summary>
    public static UpdateNotice Done(UpdateRequest request, ulong update = 0) =>
        new(UpdateMessageKind.Done) { Number = request.Number, RequestKind = (byte)request.Kind, Update = update };

    /// <summary>The answer to a request that was not.</summary>
    public static UpdateNotice Failed(ulong number, UpdateMessageKind request, LiveUpdateError error, string text) =>
        new(UpdateMessageKind.Error) { Number = number, RequestKind = (byte)request, Error = error, Text = text };

    /// <summary>Reads what is behind a frame's length. A kind that is not known has no fields.</summary>
    /// <exception cref="LiveUpdateException">EPROTO: it cannot be read.</exception>
    public static UpdateNotice Read(in ReadOnlySequence<byte> payload)
    {
        try
        {
            var reader = new MessagePackReader(payload);
            int rest = UpdatePayload.Enter(ref reader, 1, "A message") + 1;
            var kind = (UpdateMessageKind)reader.ReadByte();
            if (FieldsOf(kind) is not { } fields)
                return new UpdateNotice(kind);
            if (rest <= fields)
                throw new MessagePackSerializationException($"A message of kind {(int)kind} has {rest} elements, fewer than {fields + 1}.");
            UpdateNotice notice = UpdateNoticeFields.Read(ref reader, kind);
            UpdatePayload.Leave(ref reader, rest - 1 - fields);
            return notice;
        }
        catch (Exception exception) when (SuccessorPayload.IsDamage(exception))
        {
            throw new LiveUpdateException(LiveUpdateError.Protocol, $"The agent's message cannot be read: {exception.Message}", exception);
        }
    }

    // How many elements a kind has behind itself; null for a kind that is not an agent's.
    private static int? FieldsOf(UpdateMessageKind kind) => kind switch
    {
        UpdateMessageKind.Welcome => 6,
        UpdateMessageKind.Done => 3,
        UpdateMessageKind.Error => 4,
        UpdateMessageKind.Prepare => 2,
        UpdateMessageKind.Go => 1,
        UpdateMessageKind.CalledOff => 3,
        UpdateMessageKind.Updated => 3,
        UpdateMessageKind.Over => 5,
        UpdateMessageKind.StatusAnswer => 8,
        UpdateMessageKind.SessionsAnswer => 3,
        UpdateMessageKind.FilesAnswer => 3,
        UpdateMessageKind.FindingsAnswer => 2,
        UpdateMessageKind.Event => 9,
        UpdateMessageKind.Restarted => 0,
        _ => null,
    };

    private byte[] Write()
    {
        ArrayBufferWriter<byte> buffer = UpdateFrame.Begin();
        var writer = new MessagePackWriter(buffer);
        writer.WriteArrayHeader(1 + (FieldsOf(kind) ?? 0));
        writer.Write((byte)kind);
        UpdateNoticeFields.Write(ref writer, this);
        writer.Flush();
        return UpdateFrame.End(buffer);
    }
}
