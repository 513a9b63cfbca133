using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Handover;

/// <summary>Runs the test host and the processes that it starts to the end of the last one.</summary>
internal static class HostFamily
{
    private const string Host = "LiveUpdate.Core.TestHost";

    /// <summary>The file of the test host, for the <c>dotnet</c> host.</summary>
    public static string Library => Path.Combine(AppContext.BaseDirectory, Host + ".dll");

    /// <summary>The <c>dotnet</c> host.</summary>
    public static string Dotnet => Environment.ProcessPath!.EndsWith("dotnet", StringComparison.Ordinal) ? Environment.ProcessPath : "/usr/bin/dotnet";

    /// <summary>The exit code of the first process, and the lines of all in alphabetical order, since they run side by side.</summary>
    public static (int ExitCode, string[] Lines, string[] Errors) Run(params string[] arguments)
    {
        ProgramRun run = ProgramRun.OfAssembly(Host, arguments);
        return (run.ExitCode, [.. run.Lines.Order(StringComparer.Ordinal)], run.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }
}
