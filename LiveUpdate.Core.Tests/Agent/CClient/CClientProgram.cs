using System.ComponentModel;
using System.Globalization;
using System.Runtime.Versioning;
using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Agent;

/// <summary>The client in C, compiled for a fixture; skips the tests where there is no compiler.</summary>
[SupportedOSPlatform("linux")]
internal sealed class CClientProgram : IDisposable
{
    private const string Compiler = "gcc";
    private static readonly string s_source = System.IO.Path.Combine(Repository.Root, "LiveUpdate.Core.Tests/Agent/CClient/client.c");

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("cclient");

    public CClientProgram()
    {
        Path = System.IO.Path.Combine(_directory.FullName, "client");
        try
        {
            ProgramRun run = ProgramRun.OfScript(
                Compiler, _directory.FullName, "-Wall", "-Wextra", "-Werror", "-std=c11", "-O1", "-o", Path, s_source);
            Assert.That(run.ExitCode, Is.Zero, run.Errors);
        }
        catch (Win32Exception)
        {
            Dispose();
            Skip.Because($"There is no {Compiler} here.");
        }
    }

    public string Path { get; }

    /// <summary>Runs it to its end.</summary>
    public ProgramRun Run(params string[] arguments) => ProgramRun.OfScript(Path, "", arguments);

    /// <summary>Runs it until so many frames have gone to and fro; it kills itself then.</summary>
    public ProgramRun RunUntil(int frame, params string[] arguments) =>
        Run(["--stop-after", frame.ToString(CultureInfo.InvariantCulture), .. arguments]);

    /// <summary>Starts it.</summary>
    public StartedProgram Start(params string[] arguments) => StartedProgram.Of(Path, arguments);

    public void Dispose() => _directory.Delete(recursive: true);
}
