using System.Globalization;
using System.Runtime.Versioning;
using LiveUpdate.Interop;

namespace LiveUpdate;

/// <summary>
/// The socket on which the runtime listens for diagnostics tools. Its file is named after process id and start time, which an <c>execve</c>
/// does not change: left where it is, it would keep the next image from listening.
/// </summary>
[SupportedOSPlatform("linux")]
internal static class DiagnosticsSocket
{
    // Tools look for names that end in "-socket".
    private const string AsideSuffix = ".replaced";

    private const int StartTimeField = 22;

    /// <summary>The file of this process, and the name under which it is put aside; both empty if they cannot be found out.</summary>
    public static (string Socket, string Aside) GetPaths()
    {
        string? startTime = ReadStartTime();
        if (startTime is null)
            return ("", "");
        string name = string.Create(CultureInfo.InvariantCulture, $"dotnet-diagnostic-{Environment.ProcessId}-{startTime}-socket");
        string socket = Path.Combine(Path.GetTempPath(), name);
        return (socket, socket + AsideSuffix);
    }

    /// <summary>Renames the file. An update does not fail for the sake of diagnostics.</summary>
    /// <returns>False if there is none, as where diagnostics are off, or it cannot be renamed.</returns>
    public static bool TryMove(string from, string to) => from.Length > 0 && Libc.Rename(from, to) == 0;

    /// <summary>Removes what the image before this one put aside.</summary>
    public static void RemoveAside()
    {
        try
        {
            (_, string aside) = GetPaths();
            if (aside.Length > 0)
                File.Delete(aside);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A file without a listener is in nobody's way under that name.
        }
    }

    // The name of the program stands in parentheses and may hold both blanks and parentheses.
    private static string? ReadStartTime()
    {
        try
        {
            string status = File.ReadAllText("/proc/self/stat");
            string[] fields = status[(status.LastIndexOf(')') + 2)..].Split(' ');
            return fields.ElementAtOrDefault(StartTimeField - 3);
        }
        catch (IOException)
        {
            return null;
        }
    }
}
