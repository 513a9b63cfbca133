using System.Globalization;
using System.Runtime.Versioning;
using LiveUpdate.Agent;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Tests.Agent.Faults;

/// <summary>
/// One client of an agent that is killed again and again. It does at random what its seed says, over the same connections all the time, and
/// every answer must be the one that an agent gives that never dies.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class KillRoundClient : IAsyncDisposable
{
    private const int MostSessions = 5;
    private const int MostFiles = 6;

    private static readonly AgentDeviceOptions s_patient = new() { ConnectTimeout = TimeSpan.FromMinutes(1), RequestTimeout = TimeSpan.FromMinutes(1) };

    private readonly Random _random;
    private readonly string _prefix;
    private readonly string _directory;
    private readonly AgentDevice _device;
    private readonly List<ModelledSession> _sessions = [];
    private int _made;

    private KillRoundClient(int number, int seed, string directory, AgentClient client)
    {
        (_random, Client) = (new Random(seed), client);
        _prefix = string.Create(CultureInfo.InvariantCulture, $"client{number}-");
        _directory = directory;
        _device = AgentDevice.Connect(directory, s_patient);
    }

    /// <summary>Its connection to the update socket.</summary>
    public AgentClient Client { get; }

    /// <summary>What it was told of updates.</summary>
    public ToldSubscriber Subscriber { get; } = new();

    /// <summary>How many requests it has made.</summary>
    public long Operations { get; private set; }

    /// <summary>Makes one that takes part in updates.</summary>
    public static async Task<KillRoundClient> StartAsync(int number, int seed, LuodProcess luod)
    {
        var client = new KillRoundClient(number, seed, luod.Directory, await luod.ConnectAsync());
        await client.Client.SubscribeAsync(client._prefix, client.Subscriber);
        return client;
    }

    /// <summary>Does one thing after another until it is told to stop.</summary>
    public void Work(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            Step();
            Operations++;
        }
    }

    /// <summary>Claims and finishes all that came by an update, so that there can be another one.</summary>
    public void FinishIncoming()
    {
        foreach (ModelledSession one in _sessions.Where(static one => one.IsIncoming).ToArray())
        {
            one.Session ??= _device.RetrieveSession(one.Name);
            if (!one.IsFinished)
                Finish(one);
            Close(one);
        }
    }

    /// <summary>An update was done: what was open has ended, and everything waits under its name.</summary>
    public void GoOnAfterUpdate()
    {
        foreach (ModelledSession one in _sessions)
        {
            Expect(LiveUpdateError.Shutdown, $"use {one.Name} after an update", one.Session!.Finish);
            one.Session.Dispose();
            (one.Session, one.IsIncoming) = (null, true);
        }
    }

    /// <summary>Compares what the agent says that it holds with what it should hold for this client.</summary>
    public async Task CompareAsync(AgentClient agent)
    {
        List<string> held = [];
        await foreach (AgentSessionInfo session in agent.ListSessionsAsync())
        {
            if (!session.Name.ToString().StartsWith(_prefix, StringComparison.Ordinal))
                continue;
            IReadOnlyList<AgentFileInfo> files = await agent.ListFilesAsync(session.Name, session.IsIncoming);
            held.Add(Describe(session.Name.ToString(), session.IsIncoming, session.IsOpen, files.Select(static file => (file.Token.Value, file.IsRetrieved))));
        }

        string[] expected = [.. _sessions.Select(static one => Describe(one.Name, one.IsIncoming, one.Session is not null, one.Files.Keys.Select(token => (token, one.Retrieved.Contains(token))))).Order(StringComparer.Ordinal)];
        if (!held.Order(StringComparer.Ordinal).SequenceEqual(expected))
            throw new InvalidOperationException($"The agent holds\n{string.Join('\n', held.Order(StringComparer.Ordinal))}\nand should hold\n{string.Join('\n', expected)}");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _sessions.ForEach(static one => one.Dispose());
        _device.Dispose();
        await Client.DisposeAsync();
    }

    private static string Describe(string name, bool isIncoming, bool isOpen, IEnumerable<(ulong Token, bool IsRetrieved)> files) =>
        $"{name} {(isIncoming ? "incoming" : "outgoing")} {(isOpen ? "open" : "parked")}: {string.Join(' ', files.Order())}";

    private static void Expect(LiveUpdateError error, string what, Action operation)
    {
        LiveUpdateError found = LiveUpdateError.None;
        try
        {
            operation();
        }
        catch (LiveUpdateException exception)
        {
            found = exception.Error;
        }

        if (found != error)
            throw new InvalidOperationException($"{what}: the answer is {found}, and should be {error}.");
    }

    private void Step()
    {
        if (_random.Next(20) == 0)
        {
            using AgentDevice another = AgentDevice.Connect(_directory, s_patient);
            Expect(LiveUpdateError.NotFound, "retrieve what there is not", () => another.RetrieveSession(_prefix).Dispose());
            return;
        }

        ModelledSession? one = _sessions.Count > 0 ? _sessions[_random.Next(_sessions.Count)] : null;
        if (one is null || (_sessions.Count < MostSessions && _random.Next(4) == 0))
            Create();
        else if (one.Session is null)
            Retrieve(one);
        else if (one.IsIncoming)
            StepIncoming(one);
        else
            StepOutgoing(one);
    }

    private void StepOutgoing(ModelledSession one)
    {
        switch (_random.Next(10))
        {
            case 0:
                Close(one);
                break;
            case 1:
                Expect(LiveUpdateError.Exists, $"create {one.Name} again", () => _device.CreateSession(one.Name).Dispose());
                break;
            case 2:
                Expect(LiveUpdateError.InvalidArgument, $"finish {one.Name}, outgoing", one.Session!.Finish);
                break;
            case 3 when one.Files.Count > 0:
                Expect(LiveUpdateError.Exists, $"preserve in {one.Name} under a token in use", () => one.Session!.Preserve(one.Files.Keys.First(), one.Files.Values.First()));
                break;
            case 4 when one.Files.Count > 0:
                Expect(LiveUpdateError.Busy, $"preserve in {one.Name} what is preserved", () => one.Session!.Preserve((ulong)++_made, one.Files.Values.First()));
                break;
            case 5:
                one.Session!.CheckUsable("check");
                break;
            default:
                if (one.Files.Count < MostFiles)
                    Preserve(one);
                break;
        }
    }

    private void StepIncoming(ModelledSession one)
    {
        ulong token = one.Files.Keys.FirstOrDefault();
        switch (_random.Next(8))
        {
            case 0 when !one.IsFinished:
                Finish(one);
                break;
            case 1:
                one.Session!.Dispose();
                one.Session = null;
                if (one.IsFinished)
                    _sessions.Remove(one);
                break;
            case 2:
                Expect(LiveUpdateError.InvalidArgument, $"retrieve {one.Name}, which is open", () => _device.RetrieveSession(one.Name).Dispose());
                break;
            case 3 when token == 0:
                Expect(LiveUpdateError.NotFound, $"retrieve a file that {one.Name} does not have", () => one.Session!.Retrieve<SafeFileHandle>(1).Dispose());
                break;
            default:
                if (token != 0)
                    RetrieveFile(one, one.Files.Keys.ElementAt(_random.Next(one.Files.Count)));
                break;
        }
    }

    private void Create()
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"{_prefix}{++_made}");
        Session? made = null;
        Expect(LiveUpdateError.None, $"create {name}", () => made = _device.CreateSession(name));
        _sessions.Add(new ModelledSession(name, made));
    }

    private void Preserve(ModelledSession one)
    {
        ulong token = (ulong)++_made;
        SafeFileHandle file = Libc.MemfdCreate(_prefix, Libc.MFD_CLOEXEC);
        one.Files.Add(token, file);
        Expect(LiveUpdateError.None, $"preserve in {one.Name}", () => one.Session!.Preserve(token, file));
    }

    private void Close(ModelledSession one)
    {
        Expect(LiveUpdateError.None, $"close {one.Name}", one.Session!.Close);
        one.Forget();
        _sessions.Remove(one);
    }

    private void Retrieve(ModelledSession one) =>
        Expect(LiveUpdateError.None, $"retrieve {one.Name}", () => one.Session = _device.RetrieveSession(one.Name));

    private void RetrieveFile(ModelledSession one, ulong token)
    {
        using var file = one.Session!.Retrieve<SafeFileHandle>(token);
        if (!one.IsSame(token, file))
            throw new InvalidOperationException($"The file {token} of {one.Name} is another one.");
        one.Retrieved.Add(token);
    }

    private void Finish(ModelledSession one)
    {
        Expect(LiveUpdateError.None, $"finish {one.Name}", one.Session!.Finish);
        one.IsFinished = true;
        one.Forget();
    }
}
