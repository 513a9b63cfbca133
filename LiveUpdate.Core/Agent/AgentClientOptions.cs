using Microsoft.Extensions.Logging;

namespace LiveUpdate.Agent;

/// <summary>How an <see cref="AgentClient"/> goes about it.</summary>
public sealed class AgentClientOptions
{
    /// <summary>The longest name of a program in bytes.</summary>
    internal const int LongestName = 63;

    /// <summary>
    /// What the program calls itself, in the agent's log; by default the process's name. 0 to 63 bytes in UTF-8 without control
    /// characters.
    /// </summary>
    public string? ProgramName { get; init; }

    /// <summary>
    /// How long connecting and the agent's welcome may take; 10 seconds unless set. <see cref="Timeout.InfiniteTimeSpan"/> for no limit.
    /// </summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Gets what a subscriber threw where it refuses nothing, and that the agent died and came back; null for nobody.</summary>
    public ILogger? Logger { get; init; }
}
