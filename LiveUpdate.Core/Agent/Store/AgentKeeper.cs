using System.Runtime.Versioning;

namespace LiveUpdate.Agent;

/// <summary>
/// The parent of an agent, which keeps what the agent holds: descriptors of its clients' connections, of its memory, of preserved files.
/// When the agent dies, it starts it again and gives everything back, and clients do not see it.
/// </summary>
/// <remarks>
/// <para>A small program that does nothing else, since nobody does this for the keeper: should it die, the agent goes on without one. The
/// agent gets to it by <see cref="AgentStore.Keeper()"/>. An update of the agent to a successor leaves the keeper as it is; the successor
/// has the same one.</para>
/// <para>Linux only.</para>
/// </remarks>
[SupportedOSPlatform("linux")]
public static class AgentKeeper
{
    /// <summary>What <see cref="Run"/> returns for an agent that died too often.</summary>
    public const int GaveUp = 70;

    /// <summary>Starts an agent and keeps it until it is over.</summary>
    /// <param name="file">The path of the program. What lies there is looked up at each start.</param>
    /// <param name="arguments">Its arguments, without the program's name.</param>
    /// <param name="options">Options; null for the defaults.</param>
    /// <param name="cancellationToken">
    /// Ends the agent and then the keeper: cancel it at SIGTERM. The process that is the agent then, this one's child or a successor of
    /// that, gets SIGTERM.
    /// </param>
    /// <returns>
    /// The exit code of the agent that ended because it was told to, or said so: 128 and the signal for one that was killed, 0 if it is not
    /// known, as of a successor. <see cref="GaveUp"/>: it died <see cref="AgentKeeperOptions.MaxDeaths"/> times in a short time.
    /// </returns>
    /// <remarks>
    /// Runs on the caller's thread until then. What is kept when it returns is closed. An agent that exits without saying that it is over
    /// has died, whatever its exit code.
    /// </remarks>
    /// <exception cref="ArgumentException">The path is empty, or an argument or variable holds a NUL.</exception>
    /// <exception cref="ArgumentNullException">The file, the arguments, or the logger of the options is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    /// <exception cref="LiveUpdateException">
    /// ENOENT, EACCES and the like: the program cannot be executed at all. EMFILE, EAGAIN: no room for a process or its socket. When it ran
    /// once, this counts as a death instead.
    /// </exception>
    public static int Run(
        string file, IReadOnlyList<string> arguments, AgentKeeperOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(file);
        ArgumentNullException.ThrowIfNull(arguments);
        options ??= new AgentKeeperOptions();
        options.Check();
        using var run = new KeeperRun(file, arguments, options, cancellationToken);
        return run.Run();
    }
}
