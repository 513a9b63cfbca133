namespace LiveUpdate.Samples.Luoctl;

/// <summary>What the process exits with (docs/luoctl.md).</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Good = 0;

    /// <summary>The agent refused, the update was called off, or the image is damaged.</summary>
    public const int Refused = 1;

    /// <summary>The command line is wrong, or names a file that cannot be read.</summary>
    public const int Usage = 2;

    /// <summary>No agent is there, or it cannot be reached, or it is gone.</summary>
    public const int NoAgent = 3;

    /// <summary>The check found something that blocks an update.</summary>
    public const int Blocked = 4;

    /// <summary>Interrupted; an update that this process had started is called off.</summary>
    public const int Interrupted = 130;
}
