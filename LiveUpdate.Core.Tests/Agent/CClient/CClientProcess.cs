using System.Diagnostics;
using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Agent;

/// <summary>The client in C while it runs.</summary>
internal sealed class CClientProcess : IDisposable
{
    // A client that hangs must not hang the tests.
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromMinutes(1));
    private readonly CancellationTokenRegistration _kill;
    private readonly Process _process;
    private readonly List<string> _lines = [];
    private readonly Task<string> _errors;

    public CClientProcess(Process process)
    {
        _process = process;
        _kill = _limit.Token.Register(process.Kill);
        _errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
    }

    /// <summary>Reads on until it says this; fails if it ends before.</summary>
    public async Task WaitForAsync(string line)
    {
        while (await _process.StandardOutput.ReadLineAsync(CancellationToken.None) is { } read)
        {
            _lines.Add(read);
            if (read == line)
                return;
        }

        Assert.Fail($"The client ended before it said \"{line}\"; it said [{string.Join(", ", _lines)}] and {await _errors}");
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
}
