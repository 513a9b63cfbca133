using System.Net.Sockets;

namespace ZeroDowntimeServer.Driving;

/// <summary>
/// Clients of every kind: those that ask all the time, some that do not read their answers, some that are idle from beginning to end, and
/// short ones that come and go.
/// </summary>
internal sealed class Load(int port, int eager) : IAsyncDisposable
{
    private const int Slow = 2;
    private const int Idle = 8;
    private const int MaxVisitRequests = 4;
    private const int Burst = 2;

    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _running = [];

    public Tally Tally { get; } = new();

    public void Start()
    {
        for (int i = 0; i < eager; i++)
            Run($"client {i}", (name, keys, random) => AskAsync(name, keys, random, Habit.Eager));
        for (int i = 0; i < Slow; i++)
            Run($"slow client {i}", (name, keys, random) => AskAsync(name, keys, random, Habit.Slow));
        for (int i = 0; i < Idle; i++)
            Run($"idle client {i}", IdleAsync);
        Run("visitor", VisitAsync);
    }

    /// <summary>Asks nothing more, and returns when every answer has come and every connection has ended.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_running);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private void Run(string name, Func<string, Keys, Random, Task> client)
    {
        int number = _running.Count;
        _running.Add(Task.Run(async () =>
        {
            try
            {
                await client(name, new Keys(number), new Random(number));
            }
            catch (Exception exception) when (exception is LostException or SocketException or IOException or InvalidDataException)
            {
                Tally.Failed(exception is LostException ? exception.Message : $"{name}: {exception.Message}");
            }
        }));
    }

    private async Task AskAsync(string name, Keys keys, Random random, Habit habit)
    {
        using EchoClient client = await EchoClient.ConnectAsync(name, port, keys, random, Tally, habit.ReceiveBuffer);
        using var window = new SemaphoreSlim(habit.Window);
        Task sending = SendAsync(client, window, random, habit);
        while (await client.ReceiveAsync())
        {
            window.Release();
            if (habit.ReadDelay > TimeSpan.Zero && !_stop.IsCancellationRequested)
                await Task.Delay(habit.ReadDelay);
        }

        await sending;
        if (habit == Habit.Eager)
            Tally.Waited(client.LongestWait);
    }

    private async Task SendAsync(EchoClient client, SemaphoreSlim window, Random random, Habit habit)
    {
        while (!_stop.IsCancellationRequested)
        {
            await window.WaitAsync();
            await client.SendAsync();
            if (random.Next(Burst) == 0)
                await Task.Delay(random.Next(habit.LongestThought));
        }

        client.Done();
    }

    private async Task IdleAsync(string name, Keys keys, Random random)
    {
        using EchoClient client = await EchoClient.ConnectAsync(name, port, keys, random, Tally);
        await AskOnceAsync(client);
        await Task.Delay(Timeout.InfiniteTimeSpan, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await AskOnceAsync(client);
        await EndAsync(client);
    }

    private async Task VisitAsync(string name, Keys keys, Random random)
    {
        while (!_stop.IsCancellationRequested)
        {
            using EchoClient client = await EchoClient.ConnectAsync(name, port, keys, random, Tally);
            for (int i = random.Next(MaxVisitRequests); i >= 0; i--)
                await AskOnceAsync(client);
            await EndAsync(client);
            await Task.Delay(random.Next(1, 40));
        }
    }

    private static async Task AskOnceAsync(EchoClient client)
    {
        await client.SendAsync();
        await client.ReceiveAsync();
    }

    private static async Task EndAsync(EchoClient client)
    {
        client.Done();
        if (await client.ReceiveAsync())
            throw new LostException("There was an answer more than there were requests.");
    }
}
