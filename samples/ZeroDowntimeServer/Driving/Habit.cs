namespace ZeroDowntimeServer.Driving;

/// <summary>How a client that asks all the time does it.</summary>
/// <param name="Window">How many answers may be outstanding.</param>
/// <param name="LongestThought">The most milliseconds that it waits now and then before it asks again.</param>
/// <param name="ReadDelay">How long it leaves an answer lying before it reads the next one.</param>
/// <param name="ReceiveBuffer">What the kernel may hold for it, in bytes; 0 to leave that to the kernel.</param>
internal sealed record Habit(int Window, int LongestThought, TimeSpan ReadDelay, int ReceiveBuffer)
{
    /// <summary>Reads at once.</summary>
    public static readonly Habit Eager = new(4, 120, TimeSpan.Zero, 0);

    /// <summary>Asks for so much and reads so little that the server cannot send its answers.</summary>
    public static readonly Habit Slow = new(512, 1, TimeSpan.FromMilliseconds(10), 8 << 10);
}
