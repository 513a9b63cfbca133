using System.Globalization;

namespace LiveUpdate;

/// <summary>The names under which this library's descriptors are in the service manager's store.</summary>
/// <remarks>
/// A descriptor is named by the number that it has in the process that hands over, as in the image's table: names tell two eventfds apart,
/// which device and inode do not. The order in which the manager passes descriptors on says nothing.
/// </remarks>
internal static class StoreName
{
    /// <summary>The name of the memory file.</summary>
    public const string Memory = Prefix + "memory";

    /// <summary>What stands in the list of names for a descriptor that was taken out of it.</summary>
    public const string Taken = "liveupdate-taken";

    /// <summary>
    /// How many bytes the names of one hand-over may take, each with a separator. The manager passes all names of a service in one
    /// environment variable, and the kernel executes no program with one of 128 KiB or more; the rest is left to the program's own names.
    /// </summary>
    public const int MaxTotalLength = 120_000;

    private const string Prefix = "liveupdate-core.";

    /// <summary>The name of a descriptor.</summary>
    public static string Of(int number) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{number}");

    /// <summary>Whether a name belongs to this library.</summary>
    public static bool IsOurs(string name) => name.StartsWith(Prefix, StringComparison.Ordinal);
}
