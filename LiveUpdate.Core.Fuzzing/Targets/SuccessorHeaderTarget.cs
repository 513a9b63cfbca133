namespace LiveUpdate.Fuzzing.Targets;

/// <summary>What stands before every message between a process and its successor.</summary>
internal sealed class SuccessorHeaderTarget : FuzzTarget
{
    public override string Name => "successor-header";

    public override int MinLength => SuccessorHeader.Size;

    public override int MaxLength => SuccessorHeader.Size;

    public override IReadOnlyList<byte[]> Seeds { get; } =
        [Header(SuccessorMessage.Hello, 700, 0), Header(SuccessorMessage.Descriptors, 8, 2), Header(SuccessorMessage.Memory, 0, 1)];

    public override string Run(ReadOnlyMemory<byte> input)
    {
        try
        {
            SuccessorHeader header = SuccessorHeader.Read(input.Span);
            Finding.Unless(header.Length is >= 0 and <= SuccessorHeader.MaxLength, "A message has a length that there can be.");
            return Read;
        }
        catch (LiveUpdateException exception) when (exception.Error is LiveUpdateError.Protocol or LiveUpdateError.NotSupported)
        {
            return Refused;
        }
    }

    private static byte[] Header(SuccessorMessage kind, int length, int descriptors)
    {
        byte[] bytes = new byte[SuccessorHeader.Size];
        new SuccessorHeader(SuccessorHeader.CurrentVersion, kind, length, descriptors).Write(bytes);
        return bytes;
    }
}
