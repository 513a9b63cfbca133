using System.Runtime.Versioning;
using LiveUpdate.Agent;

namespace LiveUpdate.Tests.Agent;

/// <summary>The client and the server of the update socket, over real sockets: what is asked and shown.</summary>
[SupportedOSPlatform("linux")]
[Platform(Include = "Linux", Reason = "Unix sockets as Linux has them.")]
[Parallelizable(ParallelScope.All)]
internal sealed class AgentClientTests
{
    [Test]
    public async Task An_agent_says_what_it_is_and_does()
    {
        await using var lab = new UpdateLab();
        await using AgentClient client = await lab.ConnectAsync();
        Assert.That(client.Agent, Is.EqualTo(new AgentInfo(1, Environment.ProcessId, "managed", true, 7)));
        await client.SubscribeAsync("one", new RecordingSubscriber());
        AgentStatus status = await client.GetStatusAsync();
        Assert.That(status.Agent, Is.EqualTo(client.Agent));
        Assert.That((status.Phase, status.Update), Is.EqualTo((AgentUpdatePhase.Idle, 0UL)));
        Assert.That(
            (status.DeviceConnections, status.OutgoingSessions, status.IncomingSessions, status.ParkedSessions, status.Files, status.Bytes),
            Is.EqualTo((1L, 2L, 3L, 4L, 5L, 6L)));
        Assert.That(status.Subscribers.Select(static subscriber => (subscriber.Name, subscriber.State)), Is.EqualTo(new[] { ("one", AgentSubscriberState.Subscribed) }));
        Assert.That(client.Completion.IsCompleted, Is.False);
    }

    [Test]
    public async Task Sessions_come_page_by_page_in_order()
    {
        await using var lab = new UpdateLab();
        lab.Host.Sessions.AddRange(Enumerable.Range(0, 1000).OrderBy(static i => i * 7919 % 1000).Select(static i => Session($"session {i / 2:D4}", i % 2 == 0, 0)));
        await using AgentClient client = await lab.ConnectAsync();
        List<AgentSessionInfo> sessions = await client.ListSessionsAsync().ToListAsync();
        Assert.That(sessions, Is.EqualTo(lab.Host.Sessions.OrderBy(static session => session.IsIncoming).ThenBy(static session => session.Name.ToString(), StringComparer.Ordinal)));
    }

    [Test]
    public async Task Without_sessions_there_are_none()
    {
        await using var lab = new UpdateLab();
        await using AgentClient client = await lab.ConnectAsync();
        Assert.That(await client.ListSessionsAsync().ToListAsync(), Is.Empty);
    }

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(400)]
    [TestCase(801)]
    public async Task Files_come_page_by_page(int count)
    {
        await using var lab = new UpdateLab();
        lab.Host.Sessions.Add(Session("s", true, 0));
        lab.Host.Files[("s", true)] = [.. Enumerable.Range(0, count).Select(static i => new AgentFileInfo(new Token((ulong)(i * 3)), i, i % 2 == 0))];
        await using AgentClient client = await lab.ConnectAsync();
        Assert.That(await client.ListFilesAsync(Name("s"), isIncoming: true), Is.EqualTo(lab.Host.Files[("s", true)]));
        LiveUpdateException? refusal = await Assert.ThrowsAsync<LiveUpdateException>(() => client.ListFilesAsync(Name("s"), isIncoming: false));
        Assert.That((refusal!.Error, refusal.Operation, refusal.Session), Is.EqualTo((LiveUpdateError.NotFound, "list files", "s")));
    }

    [Test]
    public async Task Users_see_what_is_theirs_and_administrators_everything()
    {
        await using var lab = new UpdateLab();
        lab.Host.Sessions.AddRange([Session("hers", false, 1000), Session("his", false, 1001)]);
        lab.Host.Files[("hers", false)] = lab.Host.Files[("his", false)] = [new AgentFileInfo(new Token(1), 0, false)];
        lab.User = 1000;
        await using AgentClient she = await lab.ConnectAsync();
        Assert.That((await she.ListSessionsAsync().ToListAsync()).Single().Name, Is.EqualTo(Name("hers")));
        Assert.That(await she.ListFilesAsync(Name("hers"), false), Has.Count.EqualTo(1));
        await Refuses(LiveUpdateError.NotFound, she.ListFilesAsync(Name("his"), false));
        lab.Host.Administrators.Add(1000);
        Assert.That(await she.ListSessionsAsync().CountAsync(), Is.EqualTo(2));
        Assert.That(await she.ListFilesAsync(Name("his"), false), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Only_administrators_start_cancel_and_load()
    {
        await using var lab = new UpdateLab { User = 1000 };
        await using AgentClient client = await lab.ConnectAsync();
        await Refuses(LiveUpdateError.NotPermitted, client.UpdateAsync());
        await Refuses(LiveUpdateError.NotPermitted, client.CancelUpdateAsync(1));
        await Refuses(LiveUpdateError.NotPermitted, client.LoadKernelAsync(new KernelImage { Path = "/k", CommandLine = "" }));
        Assert.That(lab.Host.Events, Is.Empty);
    }

    [Test]
    public async Task A_check_shows_its_findings_and_one_that_blocks_stops_an_update_before_anybody_prepares()
    {
        await using var lab = new UpdateLab();
        PreflightFinding[] findings =
        [
            new("a", PreflightSeverity.Warning, "So it is.", "Do this."),
            new("b", PreflightSeverity.Blocking, "There is no room.") { Error = LiveUpdateError.NoSpace },
        ];
        lab.Host.Findings = () => findings;
        await using AgentClient client = await lab.ConnectAsync();
        var subscriber = new RecordingSubscriber();
        await client.SubscribeAsync("one", subscriber);
        Assert.That(await client.CheckAsync(), Is.EqualTo(findings));
        LiveUpdateException refusal = await Refuses(LiveUpdateError.NoSpace, client.UpdateAsync());
        Assert.That(refusal.Message, Does.Contain("b: There is no room."));
        Assert.That(subscriber.Waiting, Is.Zero);
    }

    [Test]
    public async Task What_the_server_throws_is_an_answer()
    {
        await using var lab = new UpdateLab();
        lab.Host.Findings = static () => throw new InvalidOperationException("out of order");
        await using AgentClient client = await lab.ConnectAsync();
        LiveUpdateException refusal = await Refuses(LiveUpdateError.InputOutput, client.CheckAsync());
        Assert.That(refusal.Message, Does.StartWith("out of order"));
        lab.Host.Findings = static () => [new PreflightFinding("long", PreflightSeverity.Warning, new string('x', 70_000))];
        await Refuses(LiveUpdateError.FileTooLarge, client.CheckAsync());
        Assert.That((await client.GetStatusAsync()).Files, Is.EqualTo(5));
    }

    [Test]
    public async Task A_kernel_is_loaded_with_absolute_paths()
    {
        await using var lab = new UpdateLab();
        KernelImage? loaded = null;
        lab.Host.Loading = image => loaded = image;
        await using AgentClient client = await lab.ConnectAsync();
        await client.LoadKernelAsync(new KernelImage { Path = "vmlinuz", Initrd = "/boot/initrd", CommandLine = "liveupdate=on" });
        Assert.That((loaded!.Path, loaded.Initrd, loaded.CommandLine), Is.EqualTo((Path.GetFullPath("vmlinuz"), "/boot/initrd", "liveupdate=on")));
        await client.LoadKernelAsync(new KernelImage { Path = "/k", CommandLine = "" });
        Assert.That(loaded.Initrd, Is.Null);
        lab.Host.Loading = static _ => throw new LiveUpdateException(LiveUpdateError.NotSupported, "It is managed.");
        await Refuses(LiveUpdateError.NotSupported, client.LoadKernelAsync(new KernelImage { Path = "/k", CommandLine = "" }));
        await Refuses(LiveUpdateError.InvalidArgument, client.LoadKernelAsync(new KernelImage { Path = "/k", CommandLine = "a\0b" }));
        await Refuses(LiveUpdateError.FileTooLarge, client.LoadKernelAsync(new KernelImage { Path = "/k", CommandLine = new string('x', 70_000) }));
        Assert.That(await client.CheckAsync(), Is.Empty);
    }

    [Test]
    public async Task Requests_of_many_threads_get_their_own_answers()
    {
        await using var lab = new UpdateLab();
        for (int i = 0; i < 20; i++)
        {
            lab.Host.Sessions.Add(Session($"s{i}", false, 0));
            lab.Host.Files[($"s{i}", false)] = [new AgentFileInfo(new Token((ulong)i), 0, false)];
        }

        await using AgentClient client = await lab.ConnectAsync();
        await Parallel.ForEachAsync(Enumerable.Range(0, 400), async (i, token) =>
        {
            IReadOnlyList<AgentFileInfo> files = await client.ListFilesAsync(Name($"s{i % 20}"), false, token);
            Assert.That(files.Single().Token.Value, Is.EqualTo((ulong)(i % 20)));
        });
    }

    [Test]
    public async Task A_wait_that_is_cancelled_leaves_the_connection_as_it_is()
    {
        await using var lab = new UpdateLab();
        using var go = new ManualResetEventSlim();
        using var asked = new ManualResetEventSlim();
        lab.Host.Findings = () =>
        {
            asked.Set();
            go.Wait(UpdateLab.Limit);
            return [];
        };
        await using AgentClient client = await lab.ConnectAsync();
        using var cancel = new CancellationTokenSource();
        Task check = client.CheckAsync(cancel.Token);
        Assert.That(asked.Wait(UpdateLab.Limit), Is.True);
        await cancel.CancelAsync();
        await Assert.CatchAsync<OperationCanceledException>(() => check);
        go.Set();
        Assert.That((await client.GetStatusAsync()).Files, Is.EqualTo(5));
        await Assert.CatchAsync<OperationCanceledException>(() => client.CheckAsync(new CancellationToken(canceled: true)));
    }

    [Test]
    public async Task A_connection_that_is_lost_fails_everything_under_way()
    {
        var lab = new UpdateLab();
        await using AgentClient client = await lab.ConnectAsync();
        var subscriber = new RecordingSubscriber { Preparing = static (_, token) => Task.Delay(Timeout.Infinite, token) };
        await client.SubscribeAsync("one", subscriber);
        IAsyncEnumerator<AgentEvent> events = client.WatchAsync().GetAsyncEnumerator();
        Assert.That(await events.MoveNextAsync(), Is.True);
        await using AgentClient other = await lab.ConnectAsync();
        Task update = other.UpdateAsync();
        Assert.That(await subscriber.NextAsync(), Is.EqualTo("prepare 1"));
        await lab.DisposeAsync();
        Assert.That(await subscriber.NextAsync(), Is.EqualTo("called off 1 Shutdown"), "an agent that stops says so");
        await Refuses(LiveUpdateError.Shutdown, update);
        await Refuses(LiveUpdateError.ConnectionReset, client.Completion);
        LiveUpdateException refusal = await Refuses(LiveUpdateError.ConnectionReset, client.GetStatusAsync());
        Assert.That(refusal.Operation, Is.EqualTo("status"));
        await Refuses(LiveUpdateError.ConnectionReset, DrainAsync(events));
        await Refuses(LiveUpdateError.ConnectionReset, client.WatchAsync().FirstAsync().AsTask());
    }

    [Test]
    public async Task A_client_that_is_disposed_says_so()
    {
        await using var lab = new UpdateLab();
        AgentClient client = await lab.ConnectAsync();
        IAsyncEnumerator<AgentEvent> events = client.WatchAsync().GetAsyncEnumerator();
        Assert.That(await events.MoveNextAsync(), Is.True);
        await client.DisposeAsync();
        await client.DisposeAsync();
        await client.Completion.WaitAsync(UpdateLab.Limit);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => client.GetStatusAsync());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => DrainAsync(events));
        Infrastructure.Worker.Until(() => lab.Host.Ended.Count == 1);
    }

    [Test]
    public async Task Who_is_turned_away_hears_why()
    {
        await using var lab = new UpdateLab { Refusal = LiveUpdateError.QuotaExceeded };
        LiveUpdateException refusal = await Refuses(LiveUpdateError.QuotaExceeded, lab.ConnectAsync());
        Assert.That(refusal.Message, Does.StartWith("not now"));
    }

    [Test]
    public async Task Nobody_there_is_an_error()
    {
        await using var lab = new UpdateLab();
        await Refuses(LiveUpdateError.NotFound, AgentClient.ConnectAsync(Path.Combine(lab.Directory, "nowhere")));
        Directory.CreateDirectory(Path.Combine(lab.Directory, "file"));
        await File.WriteAllTextAsync(Path.Combine(lab.Directory, "file", "update"), "");
        LiveUpdateException refusal = await Refuses((LiveUpdateError)111, AgentClient.ConnectAsync(Path.Combine(lab.Directory, "file")));
        Assert.That(refusal.Message, Does.Contain(Path.Combine(lab.Directory, "file", "update")));
        await Assert.CatchAsync<ArgumentException>(() => AgentClient.ConnectAsync(""));
        await Assert.CatchAsync<ArgumentException>(() => AgentClient.ConnectAsync(new string('d', 200)));
        await Assert.CatchAsync<ArgumentException>(() => lab.ConnectAsync(new AgentClientOptions { ProgramName = "a\nb" }));
    }

    [Test]
    public async Task An_agent_that_says_nothing_is_not_waited_for()
    {
        string directory = Directory.CreateTempSubdirectory("luod-").FullName;
        using (var listener = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, 0))
        {
            listener.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(Path.Combine(directory, "update")));
            listener.Listen();
            await Refuses(LiveUpdateError.TimedOut, AgentClient.ConnectAsync(directory, new AgentClientOptions { ConnectTimeout = TimeSpan.FromMilliseconds(50) }));
            using var cancel = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
            await Assert.CatchAsync<OperationCanceledException>(() => AgentClient.ConnectAsync(directory, cancellationToken: cancel.Token));
        }

        Directory.Delete(directory, recursive: true);
    }

    [Test]
    public async Task What_an_agent_sends_that_cannot_be_read_ends_the_connection()
    {
        string directory = Directory.CreateTempSubdirectory("luod-").FullName;
        using (var listener = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, 0))
        {
            listener.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(Path.Combine(directory, "update")));
            listener.Listen();
            foreach (byte[] garbage in new byte[][] { [0xff, 0xff, 0xff, 0xff], [0, 0, 0, 0], [6, 0, 0, 0, 0x91, 0xc0], [7, 0, 0, 0, 0x92, 64, 1] })
            {
                Task<AgentClient> connecting = AgentClient.ConnectAsync(directory);
                using System.Net.Sockets.Socket agent = await listener.AcceptAsync();
                await agent.SendAsync(garbage);
                await Refuses(LiveUpdateError.Protocol, connecting);
            }

            Task<AgentClient> cut = AgentClient.ConnectAsync(directory);
            for (int attempt = 1; attempt <= AgentDevice.MostAttempts; attempt++)
            {
                using System.Net.Sockets.Socket agent = await listener.AcceptAsync();
                await agent.SendAsync(new byte[] { 100, 0, 0 });
            }

            await Refuses(LiveUpdateError.ConnectionReset, cut);
        }

        Directory.Delete(directory, recursive: true);
    }

    internal static async Task<LiveUpdateException> Refuses(LiveUpdateError error, Task operation)
    {
        LiveUpdateException? refusal = null;
        try
        {
            await operation.WaitAsync(UpdateLab.Limit);
        }
        catch (LiveUpdateException exception)
        {
            refusal = exception;
        }

        Assert.That(refusal?.Error, Is.EqualTo(error), $"{refusal}");
        return refusal!;
    }

    private static async Task DrainAsync(IAsyncEnumerator<AgentEvent> events)
    {
        while (await events.MoveNextAsync())
        {
        }
    }

    private static AgentSessionInfo Session(string name, bool isIncoming, uint user) => new(Name(name), isIncoming, user, true, 1, 2);

    private static SessionName Name(string text) => SessionName.TryCreate(text, out SessionName name) ? name : default;
}
