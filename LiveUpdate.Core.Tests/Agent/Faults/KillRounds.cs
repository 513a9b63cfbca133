using System.Runtime.Versioning;
using LiveUpdate.Agent;
using LiveUpdate.Tests.Soak;

namespace LiveUpdate.Tests.Agent.Faults;

/// <summary>
/// An agent with a keeper that is killed at random instants while its clients are at work, while it comes back, and in the midst of updates. After
/// each round everything that a client was told must be so, and nothing else. The long form is <c>agent-kills</c>; the count is rounds.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class KillRounds : IAsyncDisposable
{
    private const int Clients = 3;
    private const int LongestLife = 120;
    private const int LongestReturn = 500;
    private const int MostEvents = 24;
    private const int LongestDelay = 40;
    private const int LooksAtRest = 50;

    private readonly Random _random;
    private readonly LuodProcess _luod;
    private readonly List<KillRoundClient> _clients = [];
    private long _operations;
    private long _deaths;
    private long _updates;
    private long _calledOff;

    private KillRounds(int seed, LuodProcess luod) => (_random, _luod) = (new Random(seed), luod);

    /// <summary>Plays rounds.</summary>
    public static SoakResult Run(SoakArguments arguments) => RunAsync(arguments).GetAwaiter().GetResult();

    /// <summary>Plays rounds.</summary>
    public static async Task<SoakResult> RunAsync(SoakArguments arguments)
    {
        Console.WriteLine($"seed {arguments.Seed}");
        await using var rounds = new KillRounds(arguments.Seed, await LuodProcess.StartKeptAsync());
        string[] findings = [];
        long played = 0;
        try
        {
            int idle = LuodProcess.CountHeld(rounds._luod.ProcessId);
            for (int number = 0; number < Clients; number++)
                rounds._clients.Add(await KillRoundClient.StartAsync(number, arguments.Seed + number, rounds._luod));
            for (; arguments.GoesOn(played); played++)
                await rounds.PlayAsync();
            await rounds.EndAsync(idle);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            findings = [$"seed {arguments.Seed}, round {played}: {exception}\n{rounds._luod.Log}"];
        }

        return new SoakResult(
            [("rounds", played), ("operations", rounds._operations), ("deaths", rounds._deaths), ("updates", rounds._updates), ("called off", rounds._calledOff)],
            findings);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // First, so that clients that wait for an agent do not any more.
        await _luod.DisposeAsync();
        foreach (KillRoundClient client in _clients)
            await client.DisposeAsync();
    }

    private Task PlayAsync() => _random.Next(10) switch
    {
        < 6 => KillAtWorkAsync(again: false),
        6 => KillAtWorkAsync(again: true),
        _ => UpdateAsync(),
    };

    private async Task KillAtWorkAsync(bool again)
    {
        using var stop = new CancellationTokenSource();
        Task[] work = [.. _clients.Select(client => Task.Factory.StartNew(
            () => client.Work(stop.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))];
        await Task.Delay(_random.Next(LongestLife));
        int killed = await _luod.KillAgentAsync();
        _deaths++;
        if (again)
        {
            // The next one, while it comes up.
            await Eventually.DoesAsync(() => _luod.Agents.Any(agent => agent != killed));
            await Task.Delay(_random.Next(LongestReturn));
            Array.ForEach(_luod.Agents, LuodProcess.Kill);
            _deaths++;
        }

        _ = await _luod.FindAgentAsync();
        await Task.Delay(_random.Next(LongestLife));
        await stop.CancelAsync();
        await Task.WhenAll(work);
        await CompareAsync();
    }

    private async Task UpdateAsync()
    {
        _clients.ForEach(static client => client.FinishIncoming());
        await using AgentClient initiator = await _luod.ConnectAsync();

        // Clients of an agent that came back subscribe again by themselves.
        await Eventually.DoesAsync(() => initiator.GetStatusAsync().Result.Subscribers.Count == Clients);
        ulong generation = initiator.Agent.Generation;
        var events = new CountedEvents(_random.Next(MostEvents));
        Task<AgentUpdateResult> update = initiator.UpdateAsync(progress: events);
        if (await Task.WhenAny(events.Reached, update) == events.Reached)
        {
            await Task.Delay(_random.Next(LongestDelay));
            int[] agents = _luod.Agents;
            if (agents.Length > 0)
                LuodProcess.Kill(agents[_random.Next(agents.Length)]);
            _deaths++;
        }

        await ((Task)update).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await using AgentClient next = await _luod.ConnectAsync();
        bool isDone = next.Agent.Generation == generation + 1;
        if (!isDone && next.Agent.Generation != generation)
            throw new InvalidOperationException($"Generation {next.Agent.Generation} came after generation {generation}.");
        LiveUpdateError error = (update.Exception?.InnerException as LiveUpdateException)?.Error ?? LiveUpdateError.None;
        if (error != LiveUpdateError.Interrupted && isDone != (error == LiveUpdateError.None))
            throw new InvalidOperationException($"An update that is {(isDone ? "done" : "called off")} came to {error}.", update.Exception);
        await AwaitWordAsync(isDone);
        if (isDone)
            _clients.ForEach(static client => client.GoOnAfterUpdate());
        (_updates, _calledOff) = (_updates + (isDone ? 1 : 0), _calledOff + (isDone ? 0 : 1));
        await CompareAsync();
    }

    // Who was told to prepare is told what became of it, once, and the truth.
    private async Task AwaitWordAsync(bool isDone)
    {
        foreach (ToldSubscriber subscriber in _clients.Select(static client => client.Subscriber))
        {
            await Eventually.DoesAsync(() => isDone ? subscriber.Claimed > _updates : subscriber.Told.Count >= subscriber.Prepared);
            if (subscriber.Claimed != _updates + (isDone ? 1 : 0) || subscriber.Told.Count != subscriber.Prepared)
                throw new InvalidOperationException($"Prepared {subscriber.Prepared} times, a client was told: {string.Join(' ', subscriber.Told)}.");
        }
    }

    private async Task CompareAsync()
    {
        await using AgentClient agent = await _luod.ConnectAsync();
        foreach (KillRoundClient client in _clients)
            await client.CompareAsync(agent);
    }

    private async Task EndAsync(int idle)
    {
        _operations = _clients.Sum(static client => client.Operations);
        foreach (KillRoundClient client in _clients)
        {
            client.FinishIncoming();
            await client.DisposeAsync();
        }

        _clients.Clear();
        await Eventually.DoesAsync(() => LuodProcess.CountHeld(_luod.ProcessId) <= idle && _luod.Agents.Length == 1);
        int before = await CountAtRestAsync(_luod.Agents[0]);
        string[] open = LuodProcess.OpenFiles(_luod.Agents[0]);
        await _luod.KillAgentAsync();
        _ = await _luod.FindAgentAsync();
        int after = await CountAtRestAsync(_luod.Agents[0]);
        if (before > after)
            throw new InvalidOperationException($"The agent had {before} sockets and files open for nobody, one that is new has {after}: {string.Join(' ', open)}");
    }

    // What is out of the books is closed a moment later, and so is the connection by which an agent was found.
    private static async Task<int> CountAtRestAsync(int process)
    {
        int least = int.MaxValue;
        for (int look = 0; look < LooksAtRest; look++)
        {
            await Task.Delay(10);
            least = Math.Min(least, LuodProcess.CountHeld(process));
        }

        return least;
    }
}
