using LiveUpdate.Kho;

namespace LiveUpdate;

/// <summary>What all files of one orchestrator share; made once at boot.</summary>
internal sealed class FileEnvironment
{
    public required KexecHandover Memory { get; init; }

    public required CleanupErrors Errors { get; init; }

    public required FlbRegistry Flbs { get; init; }

    public required HandlerRegistry Handlers { get; init; }

    public required FileIdSet Ids { get; init; }

    public required DescriptorSlots Descriptors { get; init; }

    public required FileNames Names { get; init; }

    /// <summary>What carries the descriptors of files; null where they travel with the process, or from process to process.</summary>
    public CarriedSessions? Carried { get; set; }

    /// <summary>Allocations of managed records, which tests make fail (reference F-07).</summary>
    public Func<string, bool>? RecordFault { get; set; }
}
