using System.Collections.ObjectModel;
using LiveUpdate.Abi;
using LiveUpdate.Kho;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace LiveUpdate;

/// <summary>How an orchestrator is booted. Read once, at boot.</summary>
public sealed class LiveUpdateOptions
{
    /// <summary>The file handlers, in registration order: the first that takes a file is used (reference H-03).</summary>
    public Collection<FileHandler> Handlers { get; } = [];

    /// <summary>
    /// The size of preserved memory in bytes, rounded up to pages; used by a cold start only, since a later generation gets the memory of the
    /// one before. 64 MiB unless set: room for about 800 000 files without state of their own. Across a kernel, what the memory may grow to, in
    /// every generation; it begins with 1 MiB.
    /// </summary>
    public long MemorySize { get; set; } = 64L << 20;

    /// <summary>
    /// What the updates of this orchestrator replace: the process, unless set, or the kernel. Every generation says the same. Across a kernel
    /// the memory grows with what it holds, up to <see cref="MemorySize"/>; the device is held open; and <see cref="HandoverTarget.Kernel"/> is
    /// the one way to hand over. Linux only. Not heeded while live update is switched off.
    /// </summary>
    public LiveUpdateAcross Across { get; set; }

    /// <summary>
    /// Across a kernel: the name of the kernel's session with the orchestrator's memory; <c>liveupdate-core</c> unless set. Those with
    /// descriptors are named after it, with a dot and a number. Every generation says the same.
    /// </summary>
    /// <exception cref="ArgumentException">The value is empty, holds a NUL, or is longer than 52 bytes in UTF-8.</exception>
    public string KernelSessionName
    {
        get;
        set => field = SessionName.TryCreate(value + ".4294967295", out _) && value.Length > 0
            ? value
            : throw new ArgumentException("The name has 1 to 52 bytes in UTF-8, and no NUL.", nameof(value));
    } = "liveupdate-core";

    /// <summary>Across a kernel: where the control device is.</summary>
    /// <exception cref="ArgumentException">The value is empty.</exception>
    public string KernelDevicePath
    {
        get;
        set
        {
            ArgumentException.ThrowIfNullOrEmpty(value);
            field = value;
        }
    } = LiveUpdateIoctl.DevicePath;

    /// <summary>
    /// Memory of the caller's, instead of some made at boot; the caller disposes it after the orchestrator. If it holds a hand-over the
    /// orchestrator boots from that.
    /// </summary>
    public KhoMemory? Memory { get; set; }

    /// <summary>
    /// Where a predecessor waits that did not start this process (<see cref="SuccessorOptions.ListenPath"/>): the boot takes over from
    /// it, or throws.
    /// Null, the default, for a process that its predecessor starts, or that starts cold. Linux only.
    /// </summary>
    public PredecessorOptions? Predecessor { get; set; }

    /// <summary>
    /// Called in a successor before it says hello to its predecessor, while that one still serves: run once here what the first moments after
    /// the take-over will run, so that its code is loaded and compiled by then. Null, the default, for nothing of the program's.
    /// </summary>
    /// <remarks>
    /// <para>An orchestrator that is booted here, without <see cref="Predecessor"/>, starts cold; handing it over within the process rehearses
    /// an update whole. The library rehearses its own part anyway. Other boots do not call this: after an exec everybody waits already, and
    /// a program that starts cold can rehearse its first hand-over when it likes.</para>
    /// <para>The token is that of the boot. <see cref="SuccessorOptions.StartTimeout"/> counts on. What it throws reaches the caller of the
    /// boot, and calls the hand-over off.</para>
    /// </remarks>
    public Action<CancellationToken>? Rehearse { get; set; }

    /// <summary>The switch (reference O-01). Off, registration is refused with EOPNOTSUPP and there is no device.</summary>
    public bool IsEnabled { get; set; } = true;

    /// <summary>
    /// Whether a hand-over drops incoming sessions that are not finished (reference S-24); otherwise it throws and names them.
    /// </summary>
    public bool DiscardUnfinished { get; set; }

    /// <summary>
    /// How long a hand-over waits for the operations under way; 30 seconds unless set, for ever with <see cref="Timeout.InfiniteTimeSpan"/>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative and not infinite.</exception>
    public TimeSpan GateTimeout
    {
        get;
        set => field = CheckTimeout(value);
    } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long the freeze of all files may take; 30 seconds unless set, for ever with <see cref="Timeout.InfiniteTimeSpan"/>. A callback that
    /// hangs cannot be aborted: it is named in the log, and the hand-over is called off as soon as it returns.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative and not infinite.</exception>
    public TimeSpan FreezeTimeout
    {
        get;
        set => field = CheckTimeout(value);
    } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How many bytes of managed memory may be allocated within the pause of an update without a garbage collection; 0, the default, leaves it
    /// to the collector. The collector makes the room ready, and may collect for it, before anything is frozen.
    /// </summary>
    /// <remarks>
    /// Both processes of an update follow their own options. What the collector cannot hold ready is not held off;
    /// <see cref="LiveUpdateReport.Collections"/> says what happened.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public long NoCollectionBytes
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            field = value;
        }
    }

    /// <summary>
    /// Gets the progress of hand-overs, and of a boot as a successor, as each phase begins; nothing within the pause. What it throws is
    /// ignored. Called on the thread of the hand-over: one that blocks holds it up.
    /// </summary>
    public IProgress<LiveUpdateProgress>? Progress { get; set; }

    /// <summary>
    /// Gets the messages of state changes, and of callbacks that failed where they cannot refuse. What it throws is ignored.
    /// </summary>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public ILogger Logger
    {
        get;
        set => field = value ?? throw new ArgumentNullException(nameof(value));
    } = NullLogger.Instance;

    /// <summary>Test seam: called as each phase of a boot as a successor is reached.</summary>
    internal Action<SuccessorPhase>? SuccessorReached { get; set; }

    /// <summary>What no timer can count, about 50 days, is for ever.</summary>
    private static TimeSpan CheckTimeout(TimeSpan value)
    {
        if (value != Timeout.InfiniteTimeSpan)
            ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.Zero);
        return value.TotalMilliseconds < uint.MaxValue - 1 ? value : Timeout.InfiniteTimeSpan;
    }
}
