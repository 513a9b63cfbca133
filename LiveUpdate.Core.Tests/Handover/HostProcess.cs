using System.Diagnostics;

namespace LiveUpdate.Tests.Handover;

/// <summary>Runs a scenario of the test host, a process that replaces itself, to its end.</summary>
internal static class HostProcess
{
    private const string Assembly = "LiveUpdate.Core.TestHost";

    /// <summary>Runs it with the <c>dotnet</c> host.</summary>
    public static (int ExitCode, string[] Lines) Run(string scenario, params string[] arguments) =>
        Start("dotnet", [Path.Combine(AppContext.BaseDirectory, Assembly + ".dll"), scenario, .. arguments]);

    /// <summary>Runs it by the executable file that was built for it.</summary>
    public static (int ExitCode, string[] Lines) RunApphost(string scenario, params string[] arguments) =>
        Start(Path.Combine(AppContext.BaseDirectory, Assembly), [scenario, .. arguments]);

    private static (int ExitCode, string[] Lines) Start(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.That(error.Result, Is.Empty);
        return (process.ExitCode, output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }
}
