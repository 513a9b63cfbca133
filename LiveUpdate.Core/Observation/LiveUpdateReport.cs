using System.Diagnostics;

namespace LiveUpdate;

/// <summary>What one update moved and how long each phase took.</summary>
public sealed record LiveUpdateReport
{
    /// <summary>The number of the update: 1 for the first (reference A-12).</summary>
    public required ulong Number { get; init; }

    /// <summary>
    /// The way into the next generation: <c>in-process</c>, <c>exec</c>, <c>successor</c>, <c>service-manager</c>, <c>kernel</c>, or
    /// <c>unknown</c> if another program wrote the image.
    /// </summary>
    public required string Target { get; init; }

    /// <summary>Sessions handed over.</summary>
    public required long Sessions { get; init; }

    /// <summary>Files handed over.</summary>
    public required long Files { get; init; }

    /// <summary>Descriptors handed over beside preserved memory.</summary>
    public required long Descriptors { get; init; }

    /// <summary>Bytes of preserved memory handed over; what lies behind descriptors is not counted.</summary>
    public required long Bytes { get; init; }

    /// <summary>The phases in order.</summary>
    public required IReadOnlyList<LiveUpdatePhase> Phases { get; init; }

    /// <summary>
    /// When the first file was frozen, as a time stamp of <see cref="Stopwatch"/>: <c>Stopwatch.GetElapsedTime(report.FrozenAt)</c> in the next
    /// generation's first answer is what its clients waited. 0 if the image does not say.
    /// </summary>
    /// <remarks>
    /// On Linux the clock is the same for all processes of one boot. Behind a kexec it has started anew: there the time stamp, which may be
    /// negative, and the phase <c>hand-over</c>, which is the jump and the new kernel's start, are put on the new clock by the real-time
    /// clock, and are as exact as the hardware's clock is: one second.
    /// </remarks>
    public required long FrozenAt { get; init; }

    /// <summary>What this process's garbage collector did within the pause.</summary>
    public LiveUpdateCollections Collections { get; init; }

    /// <summary>From the first freeze to the end of the last phase: how long nobody could use a session.</summary>
    public TimeSpan Pause => Phases.FirstOrDefault(static phase => phase.Name == "freeze") is { Name: not null } freeze
        ? Phases[^1].Start + Phases[^1].Duration - freeze.Start
        : TimeSpan.Zero;
}
