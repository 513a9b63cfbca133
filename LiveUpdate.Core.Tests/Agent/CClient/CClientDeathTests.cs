using System.Runtime.Versioning;
using LiveUpdate.Abi;
using LiveUpdate.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Tests.Agent;

/// <summary>The client in C against an agent that dies and comes back, and against ends that a working agent does not bring about.</summary>
[Platform("Linux", Reason = "The client speaks over Unix sockets.")]
[SupportedOSPlatform("linux")]
[FixtureLifeCycle(LifeCycle.SingleInstance)]
[Parallelizable(ParallelScope.All)]
internal sealed class CClientDeathTests
{
    private CClientProgram? _client;

    private CClientProgram Client => _client!;

    [OneTimeSetUp]
    public void Compile() => _client = new CClientProgram();

    [OneTimeTearDown]
    public void Remove() => _client?.Dispose();

    [Test]
    public async Task Request_whose_answer_a_death_took_is_sent_again_or_is_done()
    {
        using var agent = new ScriptedAgent();
        string file = Path.Combine(agent.Directory, "file");
        await File.WriteAllTextAsync(file, "state");
        using StartedProgram client = Client.Start(agent.Directory, "create", "c", file, file);
        using SafeFileHandle device = await agent.AcceptAsync();
        ScriptedAgent.Tell(device, ScriptedAgent.Greeting, LiveUpdateError.None, 1, 1);

        // Not carried out: it comes a second time, and counts as the second.
        byte[] first = Expect(device, LiveUpdateIoctl.CreateSession, hasDescriptor: false);
        ScriptedAgent.Tell(device, ScriptedAgent.Resumed, LiveUpdateError.Interrupted, 1);
        byte[] again = Expect(device, LiveUpdateIoctl.CreateSession, hasDescriptor: false);
        Assert.That(again, Is.EqualTo(first));
        (SafeFileHandle ours, SafeFileHandle theirs) = ScriptedAgent.NewSession();
        using SafeFileHandle session = ours;
        using (theirs)
            ScriptedAgent.Answer(device, LiveUpdateIoctl.CreateSession, LiveUpdateError.None, again, theirs);

        // Carried out: this is the answer.
        _ = Expect(session, LiveUpdateIoctl.PreserveFd, hasDescriptor: true);
        ScriptedAgent.Tell(session, ScriptedAgent.Resumed, LiveUpdateError.None, 1);

        // The request lies in the socket still when the agent is back: it has taken one of two.
        byte[] second = Expect(session, LiveUpdateIoctl.PreserveFd, hasDescriptor: true);
        ScriptedAgent.Tell(session, ScriptedAgent.Resumed, LiveUpdateError.None, 1);
        ScriptedAgent.Answer(session, LiveUpdateIoctl.PreserveFd, LiveUpdateError.None, second);
        await client.WaitForAsync("holding c");

        // One more while it only waits.
        ScriptedAgent.Tell(session, ScriptedAgent.Resumed, LiveUpdateError.None, 2);
        ScriptedAgent.Tell(session, ScriptedAgent.Ended, LiveUpdateError.Shutdown, 2);
        ProgramRun run = await client.EndAsync();
        Assert.That((run.ExitCode, run.Errors, run.Lines[^1]), Is.EqualTo((0, "", "handed over c")));
    }

    [Test]
    public async Task Refusal_that_a_death_brings_is_one()
    {
        using var agent = new ScriptedAgent();
        using StartedProgram client = Client.Start(agent.Directory, "create", "c");
        using SafeFileHandle device = await agent.AcceptAsync();
        ScriptedAgent.Tell(device, ScriptedAgent.Greeting, LiveUpdateError.None, 1, 1);
        _ = Expect(device, LiveUpdateIoctl.CreateSession, hasDescriptor: false);
        ScriptedAgent.Tell(device, ScriptedAgent.Resumed, LiveUpdateError.Exists, 1);
        ProgramRun run = await client.EndAsync();
        Assert.That((run.ExitCode, run.Errors), Is.EqualTo((1, "client: create session c: File exists (errno 17)\n")));
    }

    [Test]
    public async Task Close_that_is_refused_is_told()
    {
        using var agent = new ScriptedAgent();
        using StartedProgram client = Client.Start(agent.Directory, "claim", "c");
        using SafeFileHandle device = await agent.AcceptAsync();
        ScriptedAgent.Tell(device, ScriptedAgent.Greeting, LiveUpdateError.None, 1, 1);
        byte[] retrieve = Expect(device, LiveUpdateIoctl.RetrieveSession, hasDescriptor: false);
        (SafeFileHandle ours, SafeFileHandle theirs) = ScriptedAgent.NewSession();
        using SafeFileHandle session = ours;
        using (theirs)
            ScriptedAgent.Answer(device, LiveUpdateIoctl.RetrieveSession, LiveUpdateError.None, retrieve, theirs);
        ScriptedAgent.Answer(session, LiveUpdateIoctl.Finish, LiveUpdateError.None, Expect(session, LiveUpdateIoctl.Finish, hasDescriptor: false));
        ScriptedAgent.Tell(session, ScriptedAgent.Ended, LiveUpdateError.Busy, 1);
        ProgramRun run = await client.EndAsync();
        Assert.That((run.ExitCode, run.Errors), Is.EqualTo((1, "client: close c: Device or resource busy (errno 16)\n")));
    }

    [Test]
    public async Task What_is_no_frame_ends_it([Values] bool hasOtherVersion)
    {
        using var agent = new ScriptedAgent();
        using StartedProgram client = Client.Start(agent.Directory, "create", "c");
        using SafeFileHandle device = await agent.AcceptAsync();
        if (hasOtherVersion)
            ScriptedAgent.Tell(device, ScriptedAgent.Greeting, LiveUpdateError.None, 2, 0);
        else
            DescriptorPassing.Send(device, "HTTP/1.1 400 Bad Request"u8, [], Deadline.Never);
        ProgramRun run = await client.EndAsync();
        Assert.That((run.ExitCode, run.Errors), Is.EqualTo((1, $"client: connect to {agent.Directory}: Protocol error (errno 71)\n")));
    }

    [Test]
    public async Task Agent_that_is_gone_ends_it()
    {
        using var agent = new ScriptedAgent();
        using StartedProgram client = Client.Start(agent.Directory, "create", "c");
        using (SafeFileHandle device = await agent.AcceptAsync())
            ScriptedAgent.Tell(device, ScriptedAgent.Greeting, LiveUpdateError.None, 1, 0);
        ProgramRun run = await client.EndAsync();
        Assert.That((run.ExitCode, run.Errors), Is.EqualTo((1, "client: create session c: Connection reset by peer (errno 104)\n")));
    }

    private static byte[] Expect(SafeFileHandle socket, uint request, bool hasDescriptor)
    {
        (uint number, byte[] argument) = ScriptedAgent.Read(socket, out bool has);
        Assert.That((number, has), Is.EqualTo((request, hasDescriptor)));
        return argument;
    }
}
