using ZeroDowntimeServer.Protocol;

namespace ZeroDowntimeServer.Driving;

/// <summary>What the updates did, and how long the server did not answer.</summary>
internal sealed class UpdateLog
{
    public int Updates { get; private set; }

    public int CalledOff { get; private set; }

    /// <summary>From the moment the old generation came to rest to the new one's first answer: what clients wait.</summary>
    public Distribution Pauses { get; } = new();

    /// <summary>From the first freeze to the first retrieve: the part of it that is the library's.</summary>
    public Distribution Freezes { get; } = new();

    /// <summary>Bytes that were received and not yet answered when an update came, in all.</summary>
    public long ReceivedBytes { get; private set; }

    /// <summary>Bytes that were answered and not yet sent when an update came, in all.</summary>
    public long UnsentBytes { get; private set; }

    /// <summary>Notes one whose successor failed on purpose.</summary>
    public void AddCalledOff(ServerNotice notice)
    {
        if (notice.Kind != ServerNotice.CalledOff)
            throw new LostException($"An update happened whose successor should have failed: \"{notice}\".");
        CalledOff++;
    }

    /// <summary>Notes one that had to happen.</summary>
    public void AddUpdated(ServerNotice notice)
    {
        if (notice.Kind != ServerNotice.Updated)
            throw new LostException($"After update {Updates} the server said: \"{notice}\".");
        if (notice.Number(0) != ++Updates)
            throw new LostException($"Update {notice.Number(0)} came where {Updates} was due.");
        (long rest, long answer, long freeze, long retrieve) = (notice.Number(1), notice.Number(2), notice.Number(3), notice.Number(4));
        if (answer == 0)
            throw new LostException($"Nobody got an answer after update {Updates}.");
        Pauses.Add(rest, answer);
        Freezes.Add(freeze, retrieve);
        ReceivedBytes += notice.Number(5);
        UnsentBytes += notice.Number(6);
    }
}
