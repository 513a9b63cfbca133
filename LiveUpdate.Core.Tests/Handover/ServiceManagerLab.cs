using System.Runtime.Versioning;
using LiveUpdate.Interop;
using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Handover;

/// <summary>
/// One run of the test host beside a real systemd (<c>eng/systemd/run</c>), in which it leads services through all scenarios: what it saw,
/// by scenario.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class ServiceManagerLab
{
    // What the script exits with where a manager cannot be started.
    private const int CannotRun = 125;

    private static readonly string s_script = Path.Combine(Repository.Root, "eng", "systemd", "run");

    private static readonly Lazy<ServiceManagerLab> s_run = new(() => new ServiceManagerLab());

    private readonly Dictionary<string, string[]> _scenarios = new(StringComparer.Ordinal);
    private readonly string? _reason;

    private ServiceManagerLab()
    {
        _reason = WhyNot;
        if (_reason is not null)
            return;
        string units = Directory.CreateTempSubdirectory("units-").FullName;
        try
        {
            ProgramRun run = Run(units, "dotnet", HostFamily.Library, "service-lab");
            if (run.ExitCode == CannotRun)
                _reason = run.Errors.Trim();
            else
                Assert.That(run.ExitCode, Is.Zero, $"{string.Join('\n', run.Lines)}\n{run.Errors}");
            Collect(run.Lines);
        }
        finally
        {
            Directory.Delete(units, recursive: true);
        }
    }

    /// <summary>Runs the script, in the folder of the tests.</summary>
    public static ProgramRun Run(params string[] arguments) => ProgramRun.OfScript(s_script, AppContext.BaseDirectory, arguments);

    /// <summary>Runs the test host of a folder beside a manager, without units.</summary>
    public static ProgramRun RunHost(string folder, TimeSpan limit, params string[] arguments)
    {
        string units = Directory.CreateTempSubdirectory("units-").FullName;
        try
        {
            string host = Path.Combine(folder, Path.GetFileName(HostFamily.Library));
            return ProgramRun.OfScript("env", folder, limit, [$"LAB_TIMEOUT={limit.TotalSeconds}", s_script, units, "dotnet", host, .. arguments]);
        }
        finally
        {
            Directory.Delete(units, recursive: true);
        }
    }

    /// <summary>
    /// What was printed in a scenario, the ports left out. Skips the test, and says why, where no manager can be started.
    /// </summary>
    public static string[] Lines(string scenario)
    {
        SkipIfImpossible();
        string[] lines = s_run.Value._scenarios[scenario];
        Assert.That(
            lines.Where(IsPort).Distinct().Count(),
            Is.LessThanOrEqualTo(lines.Count(static line => line == "cold")),
            $"A listener keeps its port over all generations; only a cold start makes another.\n{string.Join('\n', lines)}");
        return [.. lines.Where(static line => !IsPort(line))];
    }

    /// <summary>Skips the test, and says why, where no manager can be started.</summary>
    public static void SkipIfImpossible()
    {
        if (s_run.Value._reason is not { } reason)
            return;
        Skip.Because(reason);
    }

    /// <summary>Why no manager can be started here; null if one may be.</summary>
    public static string? WhyNot => !OperatingSystem.IsLinux() ? "Only Linux has systemd."
        : Libc.Geteuid() != 0 ? "Only root can start a service manager in namespaces of its own."
        : !File.Exists("/usr/lib/systemd/systemd") && !File.Exists("/lib/systemd/systemd") ? "systemd is not installed (package systemd)."
        : null;

    private static bool IsPort(string line) => line.StartsWith("port ", StringComparison.Ordinal);

    private void Collect(string[] lines)
    {
        string name = "";
        foreach (string line in lines)
        {
            if (line.StartsWith("== ", StringComparison.Ordinal))
                _scenarios[name = line[3..]] = [];
            else if (name.Length > 0)
                _scenarios[name] = [.. _scenarios[name], line];
        }
    }
}
