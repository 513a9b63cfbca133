using System.Diagnostics;

namespace LiveUpdate.Tests.Infrastructure;

/// <summary>A program that a test started, at its end.</summary>
/// <param name="ExitCode">What it exited with.</param>
/// <param name="Lines">The lines of its output, empty ones left out.</param>
/// <param name="Errors">What it wrote to the error stream.</param>
internal sealed record ProgramRun(int ExitCode, string[] Lines, string Errors)
{
    // A program that hangs must not hang the tests; it is killed, and what it printed until then says where.
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);

    /// <summary>Runs an assembly that lies beside the tests with the <c>dotnet</c> host.</summary>
    public static ProgramRun OfAssembly(string name, params string[] arguments) => OfAssembly(name, s_limit, arguments);

    /// <summary>As <see cref="OfAssembly(string, string[])"/>, for a program that may run longer than others.</summary>
    public static ProgramRun OfAssembly(string name, TimeSpan limit, params string[] arguments) =>
        Of("dotnet", [Path.Combine(AppContext.BaseDirectory, name + ".dll"), .. arguments], limit);

    /// <summary>Runs an assembly that lies beside the tests by the executable file that was built for it.</summary>
    public static ProgramRun OfApphost(string name, params string[] arguments) =>
        Of(Path.Combine(AppContext.BaseDirectory, name), arguments, s_limit);

    /// <summary>Runs a script of the repository in a folder.</summary>
    public static ProgramRun OfScript(string path, string folder, params string[] arguments) => Of(path, arguments, s_limit, folder);

    /// <summary>As <see cref="OfScript(string, string, string[])"/>, for one that may run longer than others.</summary>
    public static ProgramRun OfScript(string path, string folder, TimeSpan limit, params string[] arguments) => Of(path, arguments, limit, folder);

    private static ProgramRun Of(string program, string[] arguments, TimeSpan time, string folder = "")
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        using Process process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(time);
        using CancellationTokenRegistration kill = limit.Token.Register(() => process.Kill(entireProcessTree: true));
        Task<string> errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new ProgramRun(process.ExitCode, output.Split('\n', StringSplitOptions.RemoveEmptyEntries), errors.Result);
    }
}
