using Microsoft.Extensions.Logging;

namespace LiveUpdate.Agent;

/// <summary>The messages of stores and of the keeper.</summary>
internal static partial class StoreLog
{
    [LoggerMessage(
        1, LogLevel.Error, "What the agent holds is kept no more: {Reason}. Its clients will see the end of the stream should it die")]
    public static partial void Gone(ILogger logger, string reason);

    [LoggerMessage(2, LogLevel.Warning, "{Count} descriptors that are not wanted any more stay stored for now: {Reason}")]
    public static partial void NotRemoved(ILogger logger, int count, string reason);

    [LoggerMessage(3, LogLevel.Information, "The agent was started: process {Process}, given {Count} descriptors")]
    public static partial void Started(ILogger logger, int process, int count);

    [LoggerMessage(
        4, LogLevel.Warning, "The agent died ({Ending}); it is started again, with {Count} descriptors. Deaths in a short time: {Deaths}")]
    public static partial void Died(ILogger logger, string ending, int count, int deaths);

    [LoggerMessage(5, LogLevel.Critical, "The agent died {Deaths} times within {Time}, and is given up; {Count} descriptors are lost")]
    public static partial void GivenUp(ILogger logger, int deaths, TimeSpan time, int count);

    [LoggerMessage(6, LogLevel.Warning, "The agent cannot be started: {Reason}")]
    public static partial void NotStarted(ILogger logger, string reason);

    [LoggerMessage(7, LogLevel.Warning, "The agent sent what no agent sends, {Times} times so far, and it is passed over: {What}")]
    public static partial void PassedOver(ILogger logger, int times, string what);

    [LoggerMessage(8, LogLevel.Warning, "Process {Process} has let the keeper's socket go and does not end; it is killed")]
    public static partial void Killed(ILogger logger, int process);

    [LoggerMessage(
        9, LogLevel.Warning, "The agent has ended, and somebody has its socket still; nobody said hello within {Time}, and it is cut off")]
    public static partial void CutOff(ILogger logger, TimeSpan time);

    [LoggerMessage(10, LogLevel.Information, "The keeper is told to stop; process {Process} is")]
    public static partial void Stopping(ILogger logger, int process);

    [LoggerMessage(11, LogLevel.Warning, "The agent did not end within {Time} of being told to stop, and is killed")]
    public static partial void Stubborn(ILogger logger, TimeSpan time);

    [LoggerMessage(
        12,
        LogLevel.Warning,
        "The keeper can keep {Capacity} descriptors and not {Wanted}: it may have {Limit} open (RLIMIT_NOFILE, LimitNOFILE=)")]
    public static partial void FewDescriptors(ILogger logger, int capacity, int wanted, ulong limit);

    [LoggerMessage(13, LogLevel.Error, "A descriptor that the agent sent was lost: none is free in the keeper (RLIMIT_NOFILE)")]
    public static partial void Lost(ILogger logger);

    [LoggerMessage(14, LogLevel.Information, "Process {Process} is the agent now")]
    public static partial void Greeted(ILogger logger, int process);
}
