using System.Diagnostics.CodeAnalysis;

namespace LiveUpdate;

/// <summary>A service unit as its control group names it.</summary>
/// <param name="Name">The unit, as <c>vm@42.service</c>.</param>
/// <param name="IsOfUser">Whether it belongs to the service manager of a user.</param>
internal readonly record struct ServiceUnit(string Name, bool IsOfUser)
{
    private const string Suffix = ".service";

    /// <summary>Finds the unit of this process.</summary>
    public static bool TryFind(out ServiceUnit unit)
    {
        try
        {
            return TryParse(File.ReadAllText("/proc/self/cgroup"), out unit);
        }
        catch (IOException)
        {
            unit = default;
            return false;
        }
    }

    /// <summary>
    /// Finds the unit in what <c>/proc/self/cgroup</c> says: the innermost service of the hierarchy that the manager uses.
    /// </summary>
    public static bool TryParse(string text, out ServiceUnit unit)
    {
        unit = default;
        foreach (string line in text.Split('\n'))
        {
            // Number, controllers, path. The manager's hierarchy has no controllers (version 2), or its own name (version 1).
            string[] parts = line.Split(':', 3);
            if (parts.Length == 3 && parts[1] is "" or "name=systemd" && TryParsePath(parts[2], out unit))
                return true;
        }

        return false;
    }

    private static bool TryParsePath(string path, out ServiceUnit unit)
    {
        string[] groups = path.Split('/');
        int last = Array.FindLastIndex(groups, IsService);
        unit = last < 0 ? default : new ServiceUnit(Unescape(groups[last]), groups[..last].Any(IsUserManager));
        return last >= 0;
    }

    private static bool IsService([NotNullWhen(true)] string? group) =>
        group is not null && group.Length > Suffix.Length && group.EndsWith(Suffix, StringComparison.Ordinal);

    private static bool IsUserManager(string group) => IsService(group) && group.StartsWith("user@", StringComparison.Ordinal);

    // A name that could be taken for a file of the control group gets an underscore before it.
    private static string Unescape(string group) => group[0] == '_' ? group[1..] : group;
}
