using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using LiveUpdate.Agent;
using LiveUpdate.Interop;

namespace LiveUpdate.Benchmarks.Agent;

/// <summary>A running daemon with everything that comes after it by updates.</summary>
internal sealed class LuodProcess : IAsyncDisposable
{
    private const int SIGTERM = 15;

    private readonly DirectoryInfo _folder = System.IO.Directory.CreateTempSubdirectory("luod-benchmark-");
    private readonly Process _process;
    private readonly bool _isKept;
    private int _agent;

    private LuodProcess(IReadOnlyList<string> program, int clients, bool isKept)
    {
        // One of the connections is the driver's, one the probe's; a client has an outgoing session while an incoming one is not yet gone.
        string connections = (clients + 16).ToString(CultureInfo.InvariantCulture);
        string sessions = ((2 * clients) + 16).ToString(CultureInfo.InvariantCulture);
        IEnumerable<string> arguments =
        [
            .. program.Skip(1), "--directory", Directory, "--max-connections", connections, "--max-sessions", sessions,
            .. isKept ? ["--keeper"] : Array.Empty<string>(),
        ];
        _isKept = isKept;
        _process = Process.Start(new ProcessStartInfo(program[0], arguments) { RedirectStandardError = true })!;
        _process.ErrorDataReceived += (_, line) => Log.Enqueue(line.Data ?? "");
        _process.BeginErrorReadLine();
        _agent = _process.Id;
    }

    /// <summary>The agent's directory.</summary>
    public string Directory => _folder.FullName;

    /// <summary>What it printed.</summary>
    public ConcurrentQueue<string> Log { get; } = new();

    /// <summary>Starts it, and connects as soon as it serves.</summary>
    /// <param name="program">The program and its first arguments.</param>
    /// <param name="clients">How many clients it is to take.</param>
    /// <param name="isKept">Whether a keeper stands beside it.</param>
    /// <exception cref="InvalidOperationException">It does not serve.</exception>
    public static async Task<(LuodProcess Luod, AgentClient Client)> StartAsync(IReadOnlyList<string> program, int clients, bool isKept)
    {
        var luod = new LuodProcess(program, clients, isKept);
        var watch = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                AgentClient client = await AgentClient.ConnectAsync(luod.Directory);
                luod._agent = client.Agent.ProcessId;
                return (luod, client);
            }
            catch (LiveUpdateException) when (watch.Elapsed < TimeSpan.FromMinutes(1) && !luod._process.HasExited)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20));
            }
            catch (LiveUpdateException exception)
            {
                await luod.DisposeAsync();
                throw new InvalidOperationException($"luod does not serve: {string.Join('\n', luod.Log)}", exception);
            }
        }
    }

    /// <summary>Notes the process that has the sockets now.</summary>
    public async Task FindAgentAsync(AgentClient client) => _agent = (await client.GetStatusAsync()).Agent.ProcessId;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // Whoever an update brought was started by an agent, and goes on without it; a keeper ends its own.
        _ = Libc.Kill(_isKept ? _process.Id : _agent, SIGTERM);
        await _process.WaitForExitAsync();
        while (System.IO.Directory.Exists($"/proc/{_agent}"))
            await Task.Delay(TimeSpan.FromMilliseconds(20));
        _process.Dispose();
        _folder.Delete(recursive: true);
    }
}
