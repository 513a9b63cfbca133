using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.Versioning;

namespace LiveUpdate;

/// <summary>Asks the service manager about the unit of this process, by <c>systemctl</c>.</summary>
[SupportedOSPlatform("linux")]
internal static class ServiceQuery
{
    private const string Program = "systemctl";

    /// <summary>Asks.</summary>
    /// <param name="options">The program, and how long it may take: one that hangs is killed and left.</param>
    /// <param name="reason">Why there is no answer; null if there is one.</param>
    /// <returns>Null if the manager could not be asked.</returns>
    public static ServiceState? Ask(ServiceManagerOptions options, out string? reason)
    {
        reason = null;
        if (!ServiceUnit.TryFind(out ServiceUnit unit))
            reason = "this process is in the control group of no service";
        else if ((options.Systemctl ?? FindProgram()) is not { } program)
            reason = $"there is no {Program} in PATH";
        else if (TryRun(program, unit, options.QueryTimeout, ref reason) is { } answer)
            return ServiceState.Parse(unit.Name, answer) ?? Fail($"{program} does not say it of {unit.Name}", ref reason);
        return null;
    }

    private static ServiceState? Fail(string why, ref string? reason)
    {
        reason = why;
        return null;
    }

    // The base library would look beside this program and in the working directory first.
    private static string? FindProgram() => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator)
        .Where(Path.IsPathRooted)
        .Select(static folder => Path.Combine(folder, Program))
        .FirstOrDefault(File.Exists);

    private static string? TryRun(string program, ServiceUnit unit, TimeSpan timeout, ref string? reason)
    {
        Deadline deadline = Deadline.After(timeout);
        try
        {
            using Process process = Start(program, unit);
            using StreamReader outputStream = process.StandardOutput;
            using StreamReader errorStream = process.StandardError;
            Task<string> output = outputStream.ReadToEndAsync();
            Task<string> errors = errorStream.ReadToEndAsync();
            if (!Task.WaitAll([output, errors], deadline.Milliseconds) || !process.WaitForExit(deadline.Milliseconds))
            {
                process.Kill(entireProcessTree: true);
                reason = $"{program} did not answer within {timeout}";
            }
            else if (process.ExitCode != 0)
            {
                reason = $"{program} exited with {process.ExitCode}: {errors.Result.Trim()}";
            }
            else
            {
                return output.Result;
            }
        }
        catch (Exception exception) when (exception is Win32Exception or IOException or InvalidOperationException or AggregateException)
        {
            reason = $"{program} cannot be run: {exception.Message}";
        }

        return null;
    }

    private static Process Start(string program, ServiceUnit unit)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (unit.IsOfUser)
            start.ArgumentList.Add("--user");
        foreach (string argument in (string[])["show", $"--property={ServiceState.Properties}", "--", unit.Name])
            start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }
}
