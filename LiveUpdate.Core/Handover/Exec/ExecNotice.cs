using System.Globalization;

namespace LiveUpdate;

/// <summary>
/// What one image tells the next in an environment variable: the format's version, the process id, and the descriptor of the preserved
/// memory.
/// </summary>
/// <remarks>The process id tells the next image of this process from a child that merely inherited the variable.</remarks>
internal static class ExecNotice
{
    /// <summary>The name of the variable.</summary>
    public const string Variable = "LIVEUPDATE_EXEC";

    private const string Version = "v1";

    /// <summary>The value for the next image of this process.</summary>
    public static string ForThisProcess(int memory) =>
        string.Create(CultureInfo.InvariantCulture, $"{Version}:{Environment.ProcessId}:{memory}");

    /// <summary>Reads a value.</summary>
    /// <returns>The descriptor of the memory; null if the value is for another process.</returns>
    /// <exception cref="LiveUpdateImageException">
    /// It is for this process and cannot be read, or is not one of these values at all.
    /// </exception>
    public static int? Read(string value, int processId)
    {
        string[] parts = value.Split(':');
        if (parts.Length < 2 || !TryParse(parts[1], out int process))
            throw Bad(value);
        if (process != processId)
            return null;
        return parts.Length == 3 && parts[0] == Version && TryParse(parts[2], out int memory) ? memory : throw Bad(value);
    }

    private static bool TryParse(string text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    private static LiveUpdateImageException Bad(string value) => new(
        LiveUpdateError.InvalidArgument,
        $"environment variable {Variable}",
        PhysicalAddress.None,
        0,
        $"{Version}, the process id and a descriptor, with colons between",
        $"\"{value}\"");
}
