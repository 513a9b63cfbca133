namespace LiveUpdate;

/// <summary>What <see cref="HandoverTarget.Exec"/> executes; everything has a default that starts this program again.</summary>
public sealed class ExecOptions
{
    /// <summary>
    /// The program. Null, the default, is this one: the same host and assembly for <c>dotnet app.dll</c>, the same file for an apphost or a
    /// NativeAOT program; where an update has put a new file in its place, that one.
    /// </summary>
    /// <remarks>Links are resolved, and so <c>/proc/self/exe</c> becomes the file behind it.</remarks>
    public string? Path { get; init; }

    /// <summary>
    /// The arguments for <c>Main</c>: without the program, and without host and assembly of <see cref="Path"/>'s default. Null for this
    /// process's.
    /// </summary>
    public IReadOnlyList<string>? Arguments { get; init; }

    /// <summary>
    /// The environment. Null, the default, is this process's with what <see cref="Environment.SetEnvironmentVariable(string, string?)"/>
    /// did to it. The library adds a variable of its own.
    /// </summary>
    public IReadOnlyDictionary<string, string>? Environment { get; init; }

    /// <summary>
    /// Called first, before any session is frozen: flush here what only this process has in its buffers, since neither <c>ProcessExit</c>
    /// nor finalizers nor <c>using</c> run. What it throws calls the hand-over off and reaches the caller.
    /// </summary>
    public Action? BeforeExec { get; init; }
}
