using System.Diagnostics;
using LiveUpdate.Abi;

namespace LiveUpdate;

/// <summary>
/// Puts times of the kernel before on this kernel's monotonic clock, which began anew at its start: by the real-time clock, which both have.
/// </summary>
/// <remarks>A kernel that starts reads the real-time clock from the hardware, to the second: so exact is the length of the jump.</remarks>
internal static class KernelClock
{
    /// <summary>What is to be added to a time stamp of the generation before.</summary>
    /// <param name="core">Its record.</param>
    /// <param name="carrier">Its record of the real time at which serialization ended.</param>
    /// <param name="bootStarted">When this generation's boot began, by this kernel's clock.</param>
    public static long Offset(in LuoCoreSer core, in CarrierSer carrier, long bootStarted)
    {
        long now = (DateTime.UtcNow - DateTime.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick;
        long started = now - (Stopwatch.GetTimestamp() - bootStarted);
        return OffsetAt(core.HandedOver, carrier.Realtime, bootStarted, started);
    }

    /// <summary>The same with the real time at which the boot began.</summary>
    /// <remarks>
    /// The record is hostile: what it says cannot make the jump shorter than the time since this kernel started, nor longer than a day.
    /// </remarks>
    public static long OffsetAt(long handedOver, long realtime, long bootStarted, long realtimeAtBoot)
    {
        const long Day = TimeSpan.TicksPerDay * TimeSpan.NanosecondsPerTick;
        long jump = Math.Clamp(unchecked(realtimeAtBoot - realtime), Math.Min(bootStarted, Day), Day);
        return unchecked(bootStarted - jump - handedOver);
    }
}
