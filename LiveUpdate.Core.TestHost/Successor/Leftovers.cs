namespace LiveUpdate.TestHost.Successor;

/// <summary>
/// What a hand-over opens and whom it starts, as far as this process has it now: the same before and after one that was called off.
/// </summary>
/// <param name="Descriptors">Sockets, handles of processes, eventfds and memfds; the runtime opens files of its own at any time.</param>
/// <param name="Children">The children that nobody has waited for, living or not.</param>
internal sealed record Leftovers(int Descriptors, string Children)
{
    private static readonly string[] s_kinds = ["socket:", "anon_inode:[pidfd]", "anon_inode:[eventfd]", "/memfd:", "pidfd:"];

    /// <summary>Counts.</summary>
    public static Leftovers Now() => new(
        Directory.EnumerateFileSystemEntries("/proc/self/fd").Count(
            static path => new FileInfo(path).LinkTarget is { } link && s_kinds.Any(kind => link.StartsWith(kind, StringComparison.Ordinal))),
        string.Join(' ', Directory.EnumerateDirectories("/proc/self/task").Select(static task => Read(Path.Combine(task, "children")))).Trim());

    /// <summary>
    /// Whether this is more than there was. Less is none: the stream that this process came by is closed a moment after it took over, which may
    /// be in the middle of its own first hand-over.
    /// </summary>
    public bool Exceeds(Leftovers before) => Descriptors > before.Descriptors || Children != before.Children;

    // A thread may have ended meanwhile.
    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path).Trim();
        }
        catch (IOException)
        {
            return "";
        }
    }
}
