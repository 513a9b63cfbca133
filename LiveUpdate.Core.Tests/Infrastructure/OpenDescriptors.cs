using System.Globalization;

namespace LiveUpdate.Tests.Infrastructure;

/// <summary>What this process has open and whom it started: the same before and after, or something leaked.</summary>
internal static class OpenDescriptors
{
    /// <summary>How many descriptors of a kind are open, by the beginning of their link text.</summary>
    public static int Count(string kind) => Directory.EnumerateFileSystemEntries("/proc/self/fd")
        .Count(path => new FileInfo(path).LinkTarget?.StartsWith(kind, StringComparison.Ordinal) == true);

    /// <summary>The children of this process, or of another one, that nobody has reaped, living or not.</summary>
    public static int[] Children(string process = "self") =>
    [
        .. Directory.EnumerateDirectories($"/proc/{process}/task").SelectMany(static task => ReadChildren(Path.Combine(task, "children"))).Order(),
    ];

    private static int[] ReadChildren(string path)
    {
        try
        {
            return [.. File.ReadAllText(path).Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(static id => int.Parse(id, CultureInfo.InvariantCulture))];
        }
        catch (IOException)
        {
            return [];
        }
    }
}
