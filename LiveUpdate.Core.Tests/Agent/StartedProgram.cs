using System.Diagnostics;
using System.Runtime.Versioning;
using LiveUpdate.Interop;
using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Agent;

/// <summary>A program that runs beside the test.</summary>
[SupportedOSPlatform("linux")]
internal sealed class StartedProgram : IDisposable
{
    // A program that hangs must not hang the tests.
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromMinutes(1));
    private readonly CancellationTokenRegistration _kill;
    private readonly Process _process;
    private readonly List<string> _lines = [];
    private readonly Task<string> _errors;

    private StartedProgram(Process process)
    {
        _process = process;
        _kill = _limit.Token.Register(process.Kill);
        _errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
    }

    /// <summary>Starts it.</summary>
    public static StartedProgram Of(string path, params string[] arguments) => new(Process.Start(new ProcessStartInfo(path, arguments)
    {
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!);

    /// <summary>Starts an assembly that lies beside the tests with the <c>dotnet</c> host.</summary>
    public static StartedProgram OfAssembly(string name, params string[] arguments) =>
        Of("dotnet", [Path.Combine(AppContext.BaseDirectory, name + ".dll"), .. arguments]);

    /// <summary>Reads on until it says a line; fails if it ends before.</summary>
    public Task WaitForAsync(string line) => WaitForAsync(read => read == line, line);

    /// <summary>Reads on until it says a line with this in it; fails if it ends before.</summary>
    public Task WaitForPartAsync(string part) => WaitForAsync(read => read.Contains(part, StringComparison.Ordinal), part);

    /// <summary>Sends it a signal; it must not have been waited for.</summary>
    public void Signal(int signal) => Assert.That(Libc.Kill(_process.Id, signal), Is.Zero);

    /// <summary>Waits for its exit alone: somebody else may still have its output.</summary>
    public async Task<int> ExitAsync()
    {
        await _process.WaitForExitAsync(_limit.Token);
        return _process.ExitCode;
    }

    /// <summary>Waits for its end; everything that it printed.</summary>
    public async Task<ProgramRun> EndAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync(CancellationToken.None) is { } read)
            _lines.Add(read);
        await _process.WaitForExitAsync(CancellationToken.None);
        return new ProgramRun(_process.ExitCode, [.. _lines], await _errors);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _kill.Dispose();
        _limit.Dispose();
        _process.Dispose();
    }

    private async Task WaitForAsync(Func<string, bool> isIt, string what)
    {
        while (await _process.StandardOutput.ReadLineAsync(CancellationToken.None) is { } read)
        {
            _lines.Add(read);
            if (isIt(read))
                return;
        }

        Assert.Fail($"The program ended before it said \"{what}\"; it said [{string.Join(", ", _lines)}] and {await _errors}");
    }
}
