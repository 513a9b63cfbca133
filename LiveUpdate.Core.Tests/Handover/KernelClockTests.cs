namespace LiveUpdate.Tests.Handover;

/// <summary>Times of the kernel before, put on the clock of this one.</summary>
public sealed class KernelClockTests
{
    private const long Second = 1_000_000_000;
    private const long Day = 86_400 * Second;

    [TestCase(90_000 * Second, ExpectedResult = Day, TestName = "Not longer than a day, whatever the record says")]
    [TestCase(-5 * Second, ExpectedResult = 2 * Second, TestName = "Not shorter than this kernel runs")]
    [TestCase(long.MinValue, ExpectedResult = 2 * Second, TestName = "A hostile record overflows nothing")]
    [TestCase(3 * Second, ExpectedResult = 3 * Second, TestName = "The jump in between")]
    public long The_jump(long difference)
    {
        const long HandedOver = 500 * Second, BootStarted = 2 * Second, Now = 1_700_000_000 * Second;
        long offset = KernelClock.OffsetAt(HandedOver, unchecked(Now - difference), BootStarted, Now);
        return BootStarted - (HandedOver + offset);
    }
}
