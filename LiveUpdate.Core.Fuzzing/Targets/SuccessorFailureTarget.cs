namespace LiveUpdate.Fuzzing.Targets;

/// <summary>Why the other side does not go on: MessagePack. What cannot be read says so itself.</summary>
internal sealed class SuccessorFailureTarget : FuzzTarget
{
    public override string Name => "successor-failure";

    public override int MaxLength => 1024;

    public override IReadOnlyList<byte[]> Words => SuccessorHelloTarget.HugeCounts;

    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        new SuccessorFailure(LiveUpdateError.NoSpace, "no room").Write(),
        SuccessorFailure.Of(new InvalidOperationException(new string('x', 500))).Write(),
    ];

    public override string Run(ReadOnlyMemory<byte> input)
    {
        SuccessorFailure failure = SuccessorFailure.Read(input);
        Finding.Unless(failure.Error != LiveUpdateError.None && failure.Message is not null, "A failure has an errno and a text.");
        return failure.Error == LiveUpdateError.Protocol ? Refused : Read;
    }
}
