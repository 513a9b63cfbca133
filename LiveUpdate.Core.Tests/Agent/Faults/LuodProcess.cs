using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.Versioning;
using LiveUpdate.Agent;
using LiveUpdate.Interop;
using LiveUpdate.Tests.Handover;

namespace LiveUpdate.Tests.Agent.Faults;

/// <summary>The daemon, or another program that serves a directory, with all processes of it; none is left when it is disposed.</summary>
[SupportedOSPlatform("linux")]
internal sealed class LuodProcess : IAsyncDisposable
{
    // Bytes, hexadecimal: the collector, and the finalizers behind it, run after every few requests.
    private const string SmallestBudget = "10000";

    private const UnixFileMode ForEverybody = (UnixFileMode)0b111_101_101;

    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    private readonly DirectoryInfo _folder;
    private readonly ConcurrentQueue<string> _log = new();
    private readonly Process _process;
    private readonly bool _isFolderOurs;

    private LuodProcess(DirectoryInfo folder, bool isFolderOurs, string[] arguments, bool collectsOften = false)
    {
        (_folder, _isFolderOurs) = (folder, isFolderOurs);
        var start = new ProcessStartInfo(HostFamily.Dotnet, arguments) { RedirectStandardError = true, RedirectStandardOutput = true };

        // They are started often, and live for a moment.
        start.Environment["DOTNET_TieredPGO"] = "0";
        if (collectsOften)
            start.Environment["DOTNET_GCgen0size"] = SmallestBudget;
        _process = Process.Start(start)!;
        DataReceivedEventHandler add = (_, line) => _log.Enqueue(line.Data ?? "");
        _process.ErrorDataReceived += add;
        _process.OutputDataReceived += add;
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
    }

    /// <summary>The agent's directory.</summary>
    public string Directory => _folder.FullName;

    /// <summary>What was printed so far, by all of its processes.</summary>
    public string Log => string.Join('\n', _log);

    /// <summary>The process that was started: the keeper, if there is one.</summary>
    public int ProcessId => _process.Id;

    /// <summary>The processes that were started since, the agent and its successors, living ones.</summary>
    public int[] Agents =>
    [
        .. System.IO.Directory.EnumerateDirectories("/proc")
            .Select(static path => int.TryParse(Path.GetFileName(path.AsSpan()), CultureInfo.InvariantCulture, out int id) ? id : 0)
            .Where(id => id > 0 && id != ProcessId && id != Environment.ProcessId && IsOfThis(id)).Order(),
    ];

    /// <summary>Starts luod, and waits until it serves.</summary>
    public static Task<LuodProcess> StartAsync(params string[] arguments) => StartInAsync(null, arguments);

    /// <summary>As <see cref="StartAsync"/>, in a directory that is there; it stays.</summary>
    public static async Task<LuodProcess> StartInAsync(string? directory, params string[] arguments)
    {
        LuodProcess luod = Start(directory, arguments);
        await luod.AwaitServingAsync();
        return luod;
    }

    /// <summary>Starts luod with a collector that has work all the time, in its successors too, and waits until it serves.</summary>
    public static async Task<LuodProcess> StartCollectingAsync()
    {
        DirectoryInfo folder = System.IO.Directory.CreateTempSubdirectory("luod-");
        var luod = new LuodProcess(folder, isFolderOurs: true, [Luod, "--directory", folder.FullName], collectsOften: true);
        await luod.AwaitServingAsync();
        return luod;
    }

    /// <summary>Starts luod; whether it serves remains to be seen.</summary>
    public static LuodProcess Start(string? directory, params string[] arguments) => Start(directory, folder => [Luod, "--directory", folder, .. arguments]);

    /// <summary>Starts luod under a keeper that does not count its deaths, and waits until it serves.</summary>
    public static Task<LuodProcess> StartKeptAsync(params string[] arguments) =>
        StartUnderKeeperAsync(folder => [Luod, "--directory", folder, .. arguments]);

    /// <summary>Starts a scenario of the test host, whose argument is the directory, in the same way.</summary>
    /// <param name="scenario">The scenario.</param>
    /// <param name="programs">The folder of the programs; null for that of the tests.</param>
    public static Task<LuodProcess> StartScenarioAsync(string scenario, string? programs = null) =>
        StartUnderKeeperAsync(folder => [Path.Combine(programs ?? AppContext.BaseDirectory, Path.GetFileName(HostFamily.Library)), scenario, folder]);

    /// <summary>The process id of the present agent; waits until there is one.</summary>
    public async Task<int> FindAgentAsync()
    {
        await using AgentClient client = await ConnectAsync();
        return client.Agent.ProcessId;
    }

    /// <summary>Connects to the update socket, as soon as somebody serves it.</summary>
    public async Task<AgentClient> ConnectAsync()
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                return await AgentClient.ConnectAsync(Directory, new AgentClientOptions { ConnectTimeout = s_patience });
            }
            catch (LiveUpdateException exception) when (watch.Elapsed < s_patience && !_process.HasExited && exception.Error != LiveUpdateError.TimedOut)
            {
                await Task.Delay(10);
            }
            catch (LiveUpdateException exception)
            {
                throw new InvalidOperationException($"The agent does not serve.\n{Log}", exception);
            }
        }
    }

    /// <summary>Kills the present agent.</summary>
    /// <returns>Its process id.</returns>
    public async Task<int> KillAgentAsync()
    {
        int agent = await FindAgentAsync();
        Kill(agent);
        return agent;
    }

    /// <summary>Kills a process that is one of these.</summary>
    public static void Kill(int process) => _ = Libc.Kill(process, Libc.SIGKILL);

    /// <summary>What a process has open, by the text of the link.</summary>
    public static string[] OpenFiles(int process)
    {
        try
        {
            return [.. System.IO.Directory.EnumerateFileSystemEntries($"/proc/{process}/fd").Select(static path => new FileInfo(path).LinkTarget).OfType<string>()];
        }
        catch (IOException)
        {
            return [];
        }
    }

    /// <summary>How many descriptors of clients and files a process has open: sockets, and memfds but for the runtime's own.</summary>
    public static int CountHeld(int process) => OpenFiles(process).Count(static link =>
        link.StartsWith("socket:", StringComparison.Ordinal) ||
        (link.StartsWith("/memfd:", StringComparison.Ordinal) && !link.Contains("doublemapper", StringComparison.Ordinal)));

    /// <summary>Waits until the process that was started has ended.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> EndAsync()
    {
        using var limit = new CancellationTokenSource(s_patience);
        await _process.WaitForExitAsync(limit.Token);
        return _process.ExitCode;
    }

    /// <summary>Tells it to stop, and waits.</summary>
    /// <returns>Its exit code.</returns>
    public Task<int> StopAsync()
    {
        _ = Libc.Kill(ProcessId, Libc.SIGTERM);
        return EndAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await Eventually.DoesAsync(() =>
        {
            // Another one may have been started in its directory.
            int[] left = _isFolderOurs ? Agents : [];
            Array.ForEach(left, Kill);
            return left.Length == 0 && _process.HasExited;
        });

        // Ends when what was printed is read to the end, which successors have open as well.
        await _process.WaitForExitAsync();
        _process.Dispose();
        if (_isFolderOurs)
            _folder.Delete(recursive: true);
        if (TestContext.CurrentContext.Result.Outcome.Status == NUnit.Framework.Interfaces.TestStatus.Failed)
            TestContext.Out.WriteLine(Log);
    }

    private static string Luod => Path.Combine(AppContext.BaseDirectory, "luod.dll");

    private static LuodProcess Start(string? directory, Func<string, string[]> arguments)
    {
        DirectoryInfo folder = directory is null ? System.IO.Directory.CreateTempSubdirectory("luod-") : new DirectoryInfo(directory);
        if (directory is null)
            folder.UnixFileMode = ForEverybody;
        return new LuodProcess(folder, directory is null, arguments(folder.FullName));
    }

    private static async Task<LuodProcess> StartUnderKeeperAsync(Func<string, string[]> arguments)
    {
        LuodProcess luod = Start(null, folder => [HostFamily.Library, "keep", HostFamily.Dotnet, .. arguments(folder)]);
        await luod.AwaitServingAsync();
        return luod;
    }

    private async Task AwaitServingAsync()
    {
        try
        {
            _ = await FindAgentAsync();
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    private bool IsOfThis(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/cmdline").Split('\0').Contains(Directory) &&
                !File.ReadAllText($"/proc/{process}/stat").Contains(") Z ", StringComparison.Ordinal);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
