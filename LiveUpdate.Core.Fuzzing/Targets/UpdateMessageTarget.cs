using System.Buffers;
using LiveUpdate.Agent;
using LiveUpdate.Tests.Agent;

namespace LiveUpdate.Fuzzing.Targets;

/// <summary>What goes over the update socket, or is told a successor of it: MessagePack. What can be read can be written, and reads the same again.</summary>
internal sealed class UpdateMessageTarget : FuzzTarget
{
    private readonly Func<ReadOnlyMemory<byte>, byte[]> _pass;

    private UpdateMessageTarget(string name, IReadOnlyList<byte[]> seeds, Func<ReadOnlyMemory<byte>, byte[]> pass) =>
        (Name, Seeds, _pass) = (name, seeds, pass);

    public override string Name { get; }

    public override IReadOnlyList<byte[]> Words => SuccessorHelloTarget.HugeCounts;

    public override IReadOnlyList<byte[]> Seeds { get; }

    /// <summary>What a client says.</summary>
    public static UpdateMessageTarget Requests() => new(
        "update-requests",
        [.. UpdateSamples.Requests.Select(static request => request.Write()[UpdateFrame.HeaderLength..])],
        static input => UpdateRequest.Read(new ReadOnlySequence<byte>(input)).Write()[UpdateFrame.HeaderLength..]);

    /// <summary>What an agent says.</summary>
    public static UpdateMessageTarget Notices() => new(
        "update-notices",
        [.. UpdateSamples.Notices.Select(static notice => notice.Frame[UpdateFrame.HeaderLength..])],
        static input => UpdateNotice.Read(new ReadOnlySequence<byte>(input)).Frame[UpdateFrame.HeaderLength..]);

    /// <summary>What a predecessor says of the socket.</summary>
    public static UpdateMessageTarget Saved() => new("update-saved", [UpdateSamples.Saved], static input =>
    {
        UpdateSaved saved = UpdateSaved.Read(input);
        return saved.Write(saved.Connections);
    });

    public override string Run(ReadOnlyMemory<byte> input)
    {
        byte[] written;
        try
        {
            written = _pass(input);
        }
        catch (LiveUpdateException exception) when (exception.Error == LiveUpdateError.Protocol)
        {
            return Refused;
        }

        Finding.Unless(written.AsSpan().SequenceEqual(_pass(written)), "What was written reads the same.");
        return Read;
    }
}
