namespace LiveUpdate.Agent;

/// <summary>An update under way.</summary>
internal sealed class UpdateRun(ulong number, long startedAt)
{
    /// <summary>Its number.</summary>
    public ulong Number => number;

    /// <summary>When it began, as a time stamp of the clock.</summary>
    public long StartedAt => startedAt;

    /// <summary>Who started it and hears of it; null if that connection has ended.</summary>
    public UpdatePeer? Initiator { get; set; }

    /// <summary>How long the next generation waits for claims.</summary>
    public TimeSpan ClaimTime { get; init; }

    /// <summary>Whether those who are silent at the deadline are left behind.</summary>
    public bool LeavesSilentBehind { get; init; }

    /// <summary>The phase, as it is told.</summary>
    public string Phase { get; set; } = UpdatePhases.Prepare;

    /// <summary>When the time to prepare or to claim is over, as a time stamp.</summary>
    public long Deadline { get; set; }

    /// <summary>Claiming: how many have their sessions back.</summary>
    public uint Claimed { get; set; }

    /// <summary>Claiming: how many have finished.</summary>
    public uint Finished { get; set; }

    /// <summary>The names of those who took part, went, and had not finished.</summary>
    public List<string> Gone { get; } = [];

    /// <summary>The names of those who took part before a kexec and have not finished.</summary>
    public List<string> Expected { get; } = [];

    /// <summary>Whether who took part is not known: only the time ends the claiming.</summary>
    public bool IsOpenEnded { get; init; }
}
