using Microsoft.Extensions.Logging;

namespace LiveUpdate;

/// <summary>What the engine needs to know of the user's options.</summary>
internal sealed class EngineOptions
{
    public required IReadOnlyList<FileHandler> Handlers { get; init; }

    public required ILogger Logger { get; init; }

    /// <summary>The switch (reference O-01); off, nothing registers and there is no device.</summary>
    public bool IsEnabled { get; init; } = true;

    /// <summary>How long a hand-over waits for the operations under way.</summary>
    public TimeSpan GateTimeout { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>How many bytes may be allocated within the pause without a garbage collection; 0 to leave it to the collector.</summary>
    public long NoCollectionBytes { get; init; }

    /// <summary>Gets the progress of hand-overs and of a boot as a successor.</summary>
    public IProgress<LiveUpdateProgress>? Progress { get; init; }

    /// <summary>
    /// What the program's side of a boot as a successor is, for a rehearsal: gets the engine of it, its phases, and the name of its one session,
    /// whose files are memfds or other descriptors.
    /// </summary>
    public Action<LiveUpdateEngine, UpdateTimeline, string>? RehearseBoot { get; init; }

    /// <summary>The program's own rehearsal as a successor; null for none.</summary>
    public Action<CancellationToken>? Rehearse { get; init; }

    /// <summary>How long the freeze of all files may take.</summary>
    public TimeSpan FreezeTimeout { get; init; } = Timeout.InfiniteTimeSpan;
}
