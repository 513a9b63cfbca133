namespace LiveUpdate.Fuzzing.Targets;

/// <summary>What a successor says of itself: MessagePack.</summary>
internal sealed class SuccessorHelloTarget : FuzzTarget
{
    public override string Name => "successor-hello";

    /// <summary>Headers of MessagePack that promise more than follows.</summary>
    public static IReadOnlyList<byte[]> HugeCounts { get; } =
        [[0xdb, 0xff, 0xff, 0xff, 0xff], [0xdb, 0x7f, 0xff, 0xff, 0xff], [0xc6, 0xff, 0xff, 0xff, 0xff], [0xdd, 0xff, 0xff, 0xff, 0xff], [0xdd, 0, 0, 4, 0], [0xd9, 0xff], [0xc0], [0xce], [0x96]];

    public override IReadOnlyList<byte[]> Words => HugeCounts;

    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        new SuccessorHello().Write(),
        SuccessorHello.Create([new MemfdHandler(), new DescriptorHandler()], "secret").Write(),
        new SuccessorHello { Files = [.. Enumerable.Range(0, 100).Select(static i => $"handler-{i}")], Flbs = ["flb-v1"] }.Write(),
    ];

    public override string Run(ReadOnlyMemory<byte> input)
    {
        try
        {
            SuccessorHello.Read(input);
            return Read;
        }
        catch (LiveUpdateException exception) when (exception.Error == LiveUpdateError.Protocol)
        {
            return Refused;
        }
    }
}
