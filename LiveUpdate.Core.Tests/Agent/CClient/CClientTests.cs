using System.Runtime.Versioning;
using LiveUpdate.Agent;
using LiveUpdate.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Tests.Agent;

/// <summary>A client in C that was written from docs/agent.md alone, against an agent in this process.</summary>
[Platform("Linux", Reason = "The client speaks over Unix sockets and preserves memfds.")]
[SupportedOSPlatform("linux")]
[FixtureLifeCycle(LifeCycle.SingleInstance)]
[Parallelizable(ParallelScope.All)]
internal sealed class CClientTests
{
    private CClientProgram? _client;

    private CClientProgram Client => _client!;

    [OneTimeSetUp]
    public void Compile() => _client = new CClientProgram();

    [OneTimeTearDown]
    public void Remove() => _client?.Dispose();

    [Test]
    public async Task Files_come_back_after_an_update()
    {
        await using CClientWorld world = await CClientWorld.StartAsync();
        byte[] bytes = new byte[300_001];
        new Random(7).NextBytes(bytes);
        string[] files = [world.WriteFile("empty", []), world.WriteFile("text", "state"u8), world.WriteFile("large", bytes)];
        using StartedProgram client = Client.Start([world.Directory, "live", "c", .. files]);
        await client.WaitForAsync("holding c");
        await world.UpdateAsync();
        ProgramRun run = await client.EndAsync();
        Assert.That(run.ExitCode, Is.Zero, run.Errors);
        string[] expected =
        [
            "created c", .. files.Select(file => $"preserved {file}"), "holding c", "handed over c",
            "retrieved c", .. files.Select(file => $"same {file}"), "finished c",
        ];
        Assert.That(run.Lines, Is.EqualTo(expected));
        using AgentDevice device = AgentDevice.Connect(world.Directory);
        Refused.With(LiveUpdateError.NotFound, () => device.RetrieveSession("c"));
    }

    [Test]
    public async Task Files_come_back_from_a_daemon_that_is_replaced()
    {
        await using LuodDaemon daemon = await LuodDaemon.StartAsync();
        string file = Path.Combine(daemon.Directory, "file");
        await File.WriteAllTextAsync(file, "state");
        using StartedProgram client = Client.Start(daemon.Directory, "live", "c", file);
        await client.WaitForAsync("holding c");
        await using AgentClient agent = await AgentClient.ConnectAsync(daemon.Directory);
        Assert.That((await agent.UpdateAsync()).Generation, Is.EqualTo(1));
        ProgramRun run = await client.EndAsync();
        Assert.That(run.ExitCode, Is.Zero, run.Errors);
        Assert.That(run.Lines[^2..], Is.EqualTo(new[] { $"same {file}", "finished c" }), "over the connection from before the update");
    }

    [Test]
    public async Task Another_process_claims_what_the_first_one_held()
    {
        await using CClientWorld world = await CClientWorld.StartAsync();
        string file = world.WriteFile("text", "state"u8);
        using StartedProgram client = Client.Start(world.Directory, "create", "c", file);
        await client.WaitForAsync("holding c");
        await world.UpdateAsync();
        Assert.That((await client.EndAsync()).ExitCode, Is.Zero);
        ProgramRun wrong = Client.Run(world.Directory, "claim", "c", world.WriteFile("other", "stale"u8));
        Assert.That(wrong.ExitCode, Is.EqualTo(1));
        Assert.That(wrong.Errors, Does.Contain("what came back is not"));
        ProgramRun right = default!;
        await Eventually.DoesAsync(() => (right = Client.Run(world.Directory, "claim", "c", file)).ExitCode == 0);
        Assert.That(right.Lines, Is.EqualTo(new[] { "retrieved c", $"same {file}", "finished c" }), "what it left unfinished was parked");
    }

    [Test]
    public async Task Agent_that_starts_anew_has_nothing()
    {
        await using CClientWorld world = await CClientWorld.StartAsync();
        using StartedProgram client = Client.Start(world.Directory, "live", "c", world.WriteFile("text", "state"u8));
        await client.WaitForAsync("holding c");
        await world.RestartAsync();
        ProgramRun run = await client.EndAsync();
        Assert.That((run.ExitCode, run.Errors), Is.EqualTo((1, "client: retrieve session c: No such file or directory (errno 2)\n")));
    }

    [Test]
    public async Task Refusals_are_told_with_their_errno()
    {
        await using CClientWorld world = await CClientWorld.StartAsync();
        string file = world.WriteFile("text", "state"u8);
        using AgentDevice device = AgentDevice.Connect(world.Directory);
        using Session session = device.CreateSession("taken");
        var memfd = new TestMemfd();
        using (memfd.Handle)
        {
            string path = PathOf(memfd);
            session.Preserve(1, memfd.Handle);
            Assert.Multiple(() =>
            {
                Refuses("create session taken: File exists (errno 17)", world.Directory, "create", "taken");
                Refuses("retrieve session taken: No such file or directory (errno 2)", world.Directory, "claim", "taken");
                Refuses($"preserve {file}: No such file or directory (errno 2)", "--as-is", world.Directory, "create", "c", file);
                Refuses($"preserve {path}: Device or resource busy (errno 16)", "--as-is", world.Directory, "create", "c", path);
                Refuses($"create session {new string('n', 64)}: Invalid argument (errno 22)", world.Directory, "create", new string('n', 64));
                Refuses("create session : Invalid argument (errno 22)", world.Directory, "create", "");
            });
        }
    }

    [Test]
    public async Task Greeting_that_refuses_is_told()
    {
        await using CClientWorld world = await CClientWorld.StartAsync(isExclusive: true);
        using AgentDevice device = AgentDevice.Connect(world.Directory);
        Refuses($"connect to {world.Directory}: Device or resource busy (errno 16)", world.Directory, "create", "c");
    }

    [Test]
    public void No_agent_is_told()
    {
        ProgramRun run = Client.Run("/nonexistent", "create", "c");
        Assert.That((run.ExitCode, run.Errors), Is.EqualTo((3, "client: connect to /nonexistent: No such file or directory (errno 2)\n")));
        Assert.That(Client.Run("/nonexistent", "steal", "c").ExitCode, Is.EqualTo(2));
    }

    [Test]
    public async Task Killed_between_any_two_frames_it_leaves_nothing_behind()
    {
        await using CClientWorld world = await CClientWorld.StartAsync();
        var first = new TestMemfd();
        var second = new TestMemfd();
        using (first.Handle)
        using (second.Handle)
        {
            string[] arguments = ["--as-is", world.Directory, "create", "c", PathOf(first), PathOf(second)];

            // The greeting, the session and two files: one frame, and three times two.
            for (int frame = 1; frame <= 7; frame++)
            {
                Assert.That(Client.RunUntil(frame, arguments).ExitCode, Is.EqualTo(128 + 9), $"frame {frame}");
                using AgentDevice device = AgentDevice.Connect(world.Directory);
                using Session session = await Eventually.GetAsync(() => device.CreateSession("c"), LiveUpdateError.Exists);
                await Eventually.GetAsync(() => Preserve(session, 0, first), LiveUpdateError.Busy);
                await Eventually.GetAsync(() => Preserve(session, 1, second), LiveUpdateError.Busy);
                session.Close();
                await Eventually.DoesAsync(() => first.OpenDescriptors + second.OpenDescriptors == 2);
            }

            using StartedProgram client = Client.Start(["--stop-after", "8", .. arguments]);
            await client.WaitForAsync("holding c");
            await world.UpdateAsync();
            Assert.That((await client.EndAsync()).ExitCode, Is.EqualTo(128 + 9), "the eighth frame is the end of the session");
            using AgentDevice next = AgentDevice.Connect(world.Directory);
            using Session claimed = next.RetrieveSession("c");
            Assert.That(claimed.TryRetrieve(1, out SafeFileHandle? file), "what it had preserved came along");
            file!.Dispose();
            claimed.Finish();
        }
    }

    [Test]
    public async Task Killed_between_any_two_frames_while_it_claims_it_loses_nothing()
    {
        const int Frames = 10;
        const int FinishIsSent = 8;
        await using CClientWorld world = await CClientWorld.StartAsync();
        string[] files = [world.WriteFile("0", "zero"u8), world.WriteFile("1", "one"u8)];
        List<Session> held = [];
        using (AgentDevice device = AgentDevice.Connect(world.Directory))
        {
            for (int frame = 1; frame <= Frames + 1; frame++)
            {
                Session session = device.CreateSession($"c{frame}");
                held.Add(session);
                foreach ((int token, string file) in files.Index())
                {
                    var memfd = new TestMemfd();
                    using (memfd.Handle)
                    {
                        memfd.Write(await File.ReadAllTextAsync(file));
                        session.Preserve((ulong)token, memfd.Handle);
                    }
                }
            }

            await world.UpdateAsync();
            held.ForEach(session => session.Dispose());
        }

        using AgentDevice next = AgentDevice.Connect(world.Directory);
        for (int frame = 1; frame <= Frames; frame++)
        {
            string name = $"c{frame}";
            Assert.That(Client.RunUntil(frame, [world.Directory, "claim", name, .. files]).ExitCode, Is.EqualTo(128 + 9), $"frame {frame}");
            if (frame >= FinishIsSent)
            {
                await Eventually.DoesAsync(() => IsGone(next, name));
                continue;
            }

            using Session session = await Eventually.GetAsync(() => next.RetrieveSession(name), LiveUpdateError.InvalidArgument);
            using var one = session.Retrieve<SafeFileHandle>(1);
            Assert.That(TestMemfd.Read(one).TrimEnd('\0'), Is.EqualTo("one"), $"frame {frame}");
            session.Finish();
            session.Close();
        }

        ProgramRun whole = Client.RunUntil(Frames + 1, [world.Directory, "claim", $"c{Frames + 1}", .. files]);
        Assert.That(whole.ExitCode, Is.Zero, $"there are no more frames than {Frames}: {whole.Errors}");
    }

    private static bool Preserve(Session session, ulong token, TestMemfd memfd)
    {
        session.Preserve(token, memfd.Handle);
        return true;
    }

    private static bool IsGone(AgentDevice device, string name)
    {
        try
        {
            device.RetrieveSession(name).Dispose();
            return false;
        }
        catch (LiveUpdateException exception)
        {
            return exception.Error == LiveUpdateError.NotFound;
        }
    }

    private static string PathOf(TestMemfd memfd) => $"/proc/{Environment.ProcessId}/fd/{memfd.Handle.DangerousGetHandle()}";

    private void Refuses(string message, params string[] arguments)
    {
        ProgramRun run = Client.Run(arguments);
        Assert.That((run.ExitCode, run.Errors), Is.EqualTo((1, $"client: {message}\n")));
    }
}
