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
    private const int MostStores = 48;

    private readonly LuodProcess _luod;
    private readonly string _operation;
    private readonly AgentDevice _device;
    private readonly AgentClient _client;
    private readonly Dictionary<int, Session> _open = [];
    private readonly Dictionary<int, SafeFileHandle> _files = [];

    private StoreKills(LuodProcess luod, string operation, AgentClient client)
    {
        (_luod, _operation, _client) = (luod, operation, client);
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

    /// <summary>Runs an operation again and again, and kills the agent at another store each time, until it is over before that.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="first">The store that it is killed at first, from 1.</param>
    /// <param name="step">How many stores later the next time.</param>
    /// <returns>How often it was killed.</returns>
    public static async Task<int> RunAsync(string operation, int first, int step)
    {
        await using LuodProcess luod = await LuodProcess.StartScenarioAsync("counted-agent");
        await using var run = new StoreKills(luod, operation, await luod.ConnectAsync());
        int[] stores = [.. Enumerable.Range(0, (MostStores - first) / step).Select(index => first + (index * step))];
        await run.PrepareAsync(stores);
        int killed = 0;
        foreach (int store in stores)
        {
            int before = await luod.FindAgentAsync();
            await File.WriteAllTextAsync(Path.Combine(luod.Directory, "armed"), store.ToString(CultureInfo.InvariantCulture));
            run.Do(store);
            if (await luod.FindAgentAsync() == before)
                return killed;
            killed++;
            await run.CompareAsync(store);
        }

        throw new InvalidOperationException($"\"{operation}\" makes more than {MostStores} stores.");
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

    private static string NameOf(int store) => string.Create(CultureInfo.InvariantCulture, $"s{store}");

    // What the operation needs, for each time anew; all before the first, since there is only one update.
    private async Task PrepareAsync(int[] stores)
    {
        if (_operation is "create" or "connect")
            return;
        foreach (int store in stores)
        {
            Session session = _open[store] = _device.CreateSession(NameOf(store));
            SafeFileHandle file = _files[store] = Libc.MemfdCreate(NameOf(store), Libc.MFD_CLOEXEC);
            if (_operation != "preserve")
                session.Preserve(1, file);
        }

        if (!Operations[_operation])
            return;
        await _client.UpdateAsync();
        foreach (int store in stores)
        {
            _open[store].Dispose();
            _open.Remove(store);
            if (_operation == "retrieve session")
                continue;
            _open[store] = _device.RetrieveSession(NameOf(store));
            if (_operation == "close finished")
                _open[store].Finish();
        }
    }

    private void Do(int store)
    {
        switch (_operation)
        {
            case "create":
                _open[store] = _device.CreateSession(NameOf(store));
                break;
            case "preserve":
                _open[store].Preserve(1, _files[store]);
                break;
            case "refused preserve":
                Refuses(LiveUpdateError.Busy, () => _open[store].Preserve(2, _files[store]));
                break;
            case "close" or "park" or "close finished":
                _open[store].Dispose();
                break;
            case "retrieve session":
                _open[store] = _device.RetrieveSession(NameOf(store));
                break;
            case "retrieve":
                Retrieve(store);
                break;
            case "finish":
                _open[store].Finish();
                break;
            case "connect":
                using (AgentDevice device = AgentDevice.Connect(_luod.Directory))
                    Refuses(LiveUpdateError.NotFound, () => device.RetrieveSession("none"));
                break;
        }
    }

    // The connection is of use, what should be there is there once, and nothing else is.
    private async Task CompareAsync(int store)
    {
        await using AgentClient client = await _luod.ConnectAsync();
        List<AgentSessionInfo> found = [];
        await foreach (AgentSessionInfo session in client.ListSessionsAsync())
        {
            if (session.Name.ToString() == NameOf(store))
                found.Add(session);
        }

        string held = string.Join(", ", found.Select(static one => $"{(one.IsIncoming ? "incoming" : "outgoing")} {(one.IsOpen ? "open" : "parked")} {one.Files}"));
        string expected = _operation switch
        {
            "create" => "outgoing open 0",
            "preserve" or "refused preserve" => "outgoing open 1",
            "retrieve session" or "retrieve" => "incoming open 1",
            "finish" => "incoming open 0",
            "park" => "incoming parked 1",
            _ => "",
        };
        if (held != expected)
            throw new InvalidOperationException($"After \"{_operation}\", killed at store {store}, the agent holds \"{held}\" and not \"{expected}\".\n{_luod.Log}");
        switch (_operation)
        {
            case "create":
                _open[store].Close();
                _device.CreateSession(NameOf(store)).Close();
                break;
            case "preserve" or "refused preserve":
                Refuses(LiveUpdateError.Exists, () => _open[store].Preserve(1, _files[store]));
                break;
            case "close":
                using (Session session = _device.CreateSession(NameOf(store)))
                    session.Preserve(1, _files[store]);
                break;
            case "retrieve session" or "retrieve":
                Retrieve(store);
                break;
            case "park":
                using (Session session = _open[store] = _device.RetrieveSession(NameOf(store)))
                    Retrieve(store);
                break;
            case "finish" or "close finished":
                _open[store].Dispose();
                Refuses(LiveUpdateError.NotFound, () => _device.RetrieveSession(NameOf(store)));
                break;
        }
    }

    private void Retrieve(int store)
    {
        using var file = _open[store].Retrieve<SafeFileHandle>(1);
        if (DescriptorInfo.Identify(file) != DescriptorInfo.Identify(_files[store]))
            throw new InvalidOperationException($"The file of {NameOf(store)} is another one.\n{_luod.Log}");
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

        throw new InvalidOperationException($"\"{_operation}\" should be refused with {error}.\n{_luod.Log}");
    }
}
