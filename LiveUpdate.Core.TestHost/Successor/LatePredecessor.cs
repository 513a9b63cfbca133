namespace LiveUpdate.TestHost.Successor;

/// <summary>
/// What a predecessor may do once its successor has verified, instead of a commit: <c>late-predecessor HOW</c>. The successor must take
/// over if, and only if, the predecessor has ended and its hand-over still stands.
/// </summary>
internal static class LatePredecessor
{
    private static readonly TimeSpan s_moment = TimeSpan.FromMilliseconds(200);

    private static readonly Dictionary<string, Action<PredecessorSide, FrozenGeneration>> s_ways = new()
    {
        ["end"] = static (_, _) => Environment.Exit(0),
        ["close-and-end"] = static (side, _) =>
        {
            side.Channel.Shutdown();
            Thread.Sleep(s_moment);
            Environment.Exit(0);
        },
        ["call-off"] = static (side, image) =>
        {
            image.Engine.Thaw();
            side.Channel.Shutdown();
            side.SayTheRest();
            image.Freeze();
        },
        ["close-and-call-off-and-end"] = static (side, image) =>
        {
            side.Channel.Shutdown();
            Thread.Sleep(s_moment);
            image.Engine.Thaw();
            Environment.Exit(0);
        },
        ["call-off-and-freeze-again-and-end"] = static (_, image) =>
        {
            image.Engine.Thaw();
            image.Freeze();
            Environment.Exit(0);
        },
        ["close-and-freeze-again-and-end"] = static (side, image) =>
        {
            side.Channel.Shutdown();
            image.Engine.Thaw();
            image.Freeze();
            Thread.Sleep(s_moment);
            Environment.Exit(0);
        },
        ["garbage"] = static (side, _) =>
        {
            side.SendRaw("this is not a message"u8);
            side.SayTheRest();
        },
        ["another-message"] = static (side, _) =>
        {
            side.Send(SuccessorMessage.Synchronize, new byte[8]);
            side.SayTheRest();
        },
    };

    public static void Run(string how)
    {
        using var image = new FrozenGeneration();
        using var side = new PredecessorSide("successor", "-", "-");
        side.SendAll(image);
        side.Expect(SuccessorMessage.Verified);
        s_ways[how](side, image);
    }
}
