using System.Globalization;
using System.Runtime.Versioning;
using LiveUpdate.Agent;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Tests.Agent.Faults;

/// <summary>
/// An agent that kills itself at the first, the second, … store into its ledger while it carries out a request. The next one finds what is
/// there, and the client's call must come to what it would have come to, exactly once.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class StoreKills : IAsyncDisposable
{
    // More than any request makes: what a run is prepared for.
    private const int MostStores = 72;

    private readonly LuodProcess _luod;
    private readonly AgentDevice _device;
    private readonly AgentClient _client;
    private readonly Dictionary<string, Session> _open = [];
    private readonly Dictionary<string, SafeFileHandle> _files = [];

    private StoreKills(LuodProcess luod, AgentClient client)
    {
        (_luod, _client) = (luod, client);
        _device = AgentDevice.Connect(luod.Directory);
    }

    /// <summary>The operations, each with whether it is one on an incoming session.</summary>
    public static IReadOnlyDictionary<string, bool> Operations { get; } = new Dictionary<string, bool>
    {
        ["create"] = false,
        ["preserve"] = false,
        ["refused preserve"] = false,
        ["close"] = false,
        ["retrieve session"] = true,
        ["retrieve"] = true,
        ["finish"] = true,
        ["park"] = true,
        ["close finished"] = true,
        ["connect"] = false,
    };

    /// <summary>Runs each operation again and again, and kills the agent at another store each time, until it is over before that.</summary>
    /// <param name="operations">The operations.</param>
    /// <param name="firstStore">The store of an operation at which the agent is killed first, from 1.</param>
    /// <param name="step">How many stores later the next time.</param>
    /// <param name="goesOn">Asked before each operation.</param>
    /// <param name="programs">The folder of the agent's program; null for that of the tests.</param>
    /// <returns>How often the agent was killed, by operation.</returns>
    public static async Task<IReadOnlyList<(string Operation, long Kills)>> RunAsync(
        IEnumerable<string> operations, Func<string, int> firstStore, int step, Func<bool> goesOn, string? programs = null)
    {
        await using LuodProcess luod = await LuodProcess.StartScenarioAsync("counted-agent", programs);
        await using var run = new StoreKills(luod, await luod.ConnectAsync());
        Dictionary<string, int[]> stores = operations.ToDictionary(
            static operation => operation,
            operation => Enumerable.Range(0, MostStores).Select(index => firstStore(operation) + (index * step)).Where(static store => store <= MostStores).ToArray());
        await run.PrepareAsync(stores);
        var kills = new List<(string, long)>();
        foreach (string operation in stores.Keys.TakeWhile(_ => goesOn()))
            kills.Add((operation, await run.RunAsync(operation, stores[operation])));
        return kills;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (Session session in _open.Values)
            session.Dispose();
        foreach (SafeFileHandle file in _files.Values)
            file.Dispose();
        _device.Dispose();
        await _client.DisposeAsync();
    }

    private static string NameOf(string operation, int store) => string.Create(CultureInfo.InvariantCulture, $"{operation} {store}");

    // What the operations need, for each time anew; what comes by an update all at once.
    private async Task PrepareAsync(Dictionary<string, int[]> stores)
    {
        string[] incoming = [.. Names(isIncoming: true)];
        Array.ForEach(incoming, Make);
        await _client.UpdateAsync();
        foreach (string name in incoming)
        {
            _open.Remove(name, out Session? ended);
            ended!.Dispose();
            if (name.StartsWith("retrieve session", StringComparison.Ordinal))
                continue;
            _open[name] = _device.RetrieveSession(name);
            if (name.StartsWith("close finished", StringComparison.Ordinal))
                _open[name].Finish();
        }

        foreach (string name in Names(isIncoming: false).Where(static name => !name.StartsWith('c') || name.StartsWith("close", StringComparison.Ordinal)))
            Make(name);

        IEnumerable<string> Names(bool isIncoming) =>
            stores.Where(pair => Operations[pair.Key] == isIncoming).SelectMany(static pair => pair.Value, static (pair, store) => NameOf(pair.Key, store));
    }

    private void Make(string name)
    {
        Session session = _open[name] = _device.CreateSession(name);
        SafeFileHandle file = _files[name] = Libc.MemfdCreate("test", Libc.MFD_CLOEXEC);
        if (!name.StartsWith("preserve", StringComparison.Ordinal))
            session.Preserve(1, file);
    }

    private async Task<long> RunAsync(string operation, int[] stores)
    {
        long killed = 0;
        foreach (int store in stores)
        {
            int before = await _luod.FindAgentAsync();
            await File.WriteAllTextAsync(Path.Combine(_luod.Directory, "armed"), store.ToString(CultureInfo.InvariantCulture));
            Do(operation, NameOf(operation, store));
            if (await _luod.FindAgentAsync() == before)
                return killed;
            killed++;
            await CompareAsync(operation, NameOf(operation, store));
        }

        throw new InvalidOperationException($"\"{operation}\" makes more than {MostStores} stores.");
    }

    private void Do(string operation, string name)
    {
        switch (operation)
        {
            case "create":
                _open[name] = _device.CreateSession(name);
                break;
            case "preserve":
                _open[name].Preserve(1, _files[name]);
                break;
            case "refused preserve":
                Refuses(LiveUpdateError.Busy, () => _open[name].Preserve(2, _files[name]));
                break;
            case "close" or "park" or "close finished":
                _open[name].Dispose();
                break;
            case "retrieve session":
                _open[name] = _device.RetrieveSession(name);
                break;
            case "retrieve":
                Retrieve(name);
                break;
            case "finish":
                _open[name].Finish();
                break;
            case "connect":
                using (AgentDevice device = AgentDevice.Connect(_luod.Directory))
                    Refuses(LiveUpdateError.NotFound, () => device.RetrieveSession("none"));
                break;
        }
    }

    // The connection is of use, what should be there is there once, and nothing else is.
    private async Task CompareAsync(string operation, string name)
    {
        await using AgentClient client = await _luod.ConnectAsync();
        List<AgentSessionInfo> found = [];
        await foreach (AgentSessionInfo session in client.ListSessionsAsync())
        {
            if (session.Name.ToString() == name)
                found.Add(session);
        }

        string held = string.Join(", ", found.Select(static one => $"{(one.IsIncoming ? "incoming" : "outgoing")} {(one.IsOpen ? "open" : "parked")} {one.Files}"));
        string expected = operation switch
        {
            "create" => "outgoing open 0",
            "preserve" or "refused preserve" => "outgoing open 1",
            "retrieve session" or "retrieve" => "incoming open 1",
            "finish" => "incoming open 0",
            "park" => "incoming parked 1",
            _ => "",
        };
        if (held != expected)
            throw new InvalidOperationException($"After \"{name}\" the agent holds \"{held}\" and not \"{expected}\".\n{_luod.Log}");
        switch (operation)
        {
            case "create":
                _open[name].Close();
                _device.CreateSession(name).Close();
                break;
            case "preserve" or "refused preserve":
                Refuses(LiveUpdateError.Exists, () => _open[name].Preserve(1, _files[name]));
                break;
            case "close":
                using (Session session = _device.CreateSession(name))
                    session.Preserve(1, _files[name]);
                break;
            case "retrieve session" or "retrieve":
                Retrieve(name);
                break;
            case "park":
                using (Session session = _open[name] = _device.RetrieveSession(name))
                    Retrieve(name);
                break;
            case "finish" or "close finished":
                _open[name].Dispose();
                Refuses(LiveUpdateError.NotFound, () => _device.RetrieveSession(name));
                break;
        }
    }

    private void Retrieve(string name)
    {
        using var file = _open[name].Retrieve<SafeFileHandle>(1);
        if (DescriptorInfo.Identify(file) != DescriptorInfo.Identify(_files[name]))
            throw new InvalidOperationException($"The file of {name} is another one.\n{_luod.Log}");
    }

    private void Refuses(LiveUpdateError error, Action operation)
    {
        try
        {
            operation();
        }
        catch (LiveUpdateException exception) when (exception.Error == error)
        {
            return;
        }

        throw new InvalidOperationException($"It should be refused with {error}.\n{_luod.Log}");
    }
}
