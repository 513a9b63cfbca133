using System.Diagnostics;
using System.Globalization;
using System.Runtime.Versioning;
using System.Threading.Channels;
using LiveUpdate.Tests.Handover;

namespace LiveUpdate.Tests.Agent.Faults;

/// <summary>A client of an agent in a process of its own, which does one thing after another, and is killed when it is disposed.</summary>
[SupportedOSPlatform("linux")]
internal sealed class WorkerProcess : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    private readonly Process _process;
    private readonly Channel<string> _answers = Channel.CreateUnbounded<string>();
    private readonly Channel<string> _events = Channel.CreateUnbounded<string>();
    private bool _isDisposed;

    private WorkerProcess(string[] arguments)
    {
        var start = new ProcessStartInfo(HostFamily.Dotnet, [HostFamily.Library, "agent-worker", .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        _process = Process.Start(start)!;
        _ = ReadAsync();
    }

    /// <summary>Its process id.</summary>
    public int ProcessId => _process.Id;

    /// <summary>Starts one, as another user if told so.</summary>
    public static async Task<WorkerProcess> StartAsync(string directory, uint? user = null)
    {
        var worker = new WorkerProcess(user is { } id ? [directory, id.ToString(CultureInfo.InvariantCulture)] : [directory]);
        Assert.That(await worker.ReadAsync(worker._answers), Is.EqualTo("ready"));
        return worker;
    }

    /// <summary>Starts several at once.</summary>
    public static Task<WorkerProcess[]> StartAsync(int count, string directory, uint? user = null) =>
        Task.WhenAll(Enumerable.Range(0, count).Select(_ => StartAsync(directory, user)));

    /// <summary>Has it do something.</summary>
    /// <returns><c>done</c>, a text, or the name of the error.</returns>
    public Task<string> AskAsync(string command)
    {
        _process.StandardInput.WriteLine(command);
        return ReadAsync(_answers);
    }

    /// <summary>Has it do something, which must go well.</summary>
    public async Task DoAsync(string command) => Assert.That(await AskAsync(command), Is.EqualTo("done"), command);

    /// <summary>The next that it says by itself.</summary>
    public Task<string> HearAsync() => ReadAsync(_events);

    /// <summary>Kills it, and waits until the system has closed what it had open.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        await KillAsync();
        _process.Dispose();
    }

    private async Task<string> ReadAsync(Channel<string> channel)
    {
        using var limit = new CancellationTokenSource(s_patience);
        return await channel.Reader.ReadAsync(limit.Token);
    }

    private async Task ReadAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            Channel<string> channel = line.StartsWith("= ", StringComparison.Ordinal) ? _answers : _events;
            channel.Writer.TryWrite(line.Length > 2 ? line[2..] : line);
        }

        _answers.Writer.TryComplete();
        _events.Writer.TryComplete();
    }
}
