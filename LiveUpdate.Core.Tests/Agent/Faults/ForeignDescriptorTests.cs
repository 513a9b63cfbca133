using System.IO.Pipes;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Agent;
using LiveUpdate.Interop;
using LiveUpdate.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Tests.Agent.Faults;

/// <summary>Descriptors that are no file for the agent, and sessions that go to other processes.</summary>
[Platform(Include = "Linux", Reason = "The agent runs on Linux only.")]
[SupportedOSPlatform("linux")]
[Parallelizable(ParallelScope.All)]
public sealed class ForeignDescriptorTests
{
    // So many of each kind would be left open, and the runtime opens a few of its own.
    private const int Rounds = 20;

    [Test]
    public async Task What_no_handler_takes_is_refused_and_let_go()
    {
        await using LuodProcess luod = await LuodProcess.StartAsync("--keeper");
        using AgentDevice device = AgentDevice.Connect(luod.Directory);
        using var session = (AgentSession)device.CreateSession("s");
        int agent = await luod.FindAgentAsync();
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        using var pipe = new AnonymousPipeServerStream(PipeDirection.Out);
        using SafeFileHandle events = Libc.Eventfd(0, Libc.EFD_CLOEXEC);
        using SafeFileHandle nothing = File.OpenHandle("/dev/null", FileMode.Open, FileAccess.ReadWrite);
        using SafeFileHandle regular = File.OpenHandle(Path.Combine(AppContext.BaseDirectory, "luod.dll"));
        SafeHandle[] foreign = [socket.SafeHandle, pipe.SafePipeHandle, events, nothing, regular, session.Descriptor, device.Descriptor];
        RefuseAll(1);
        (int ofAgent, int ofKeeper) = (Count(agent), Count(luod.ProcessId));
        RefuseAll(Rounds);
        await Eventually.DoesAsync(() => Count(agent) < ofAgent + Rounds && Count(luod.ProcessId) < ofKeeper + Rounds);

        // The connections are as they were: none was kept by itself.
        device.Dispose();
        session.Dispose();
        using AgentDevice next = AgentDevice.Connect(luod.Directory);
        next.CreateSession("s").Close();

        void RefuseAll(int rounds)
        {
            for (int i = 0; i < rounds; i++)
                Array.ForEach(foreign, descriptor => Refused.With(LiveUpdateError.NotFound, () => session.Preserve((ulong)i, descriptor)));
        }
    }

    [Test]
    public async Task A_session_works_in_the_process_that_it_is_passed_to()
    {
        await using LuodProcess luod = await LuodProcess.StartAsync();
        await using WorkerProcess worker = await WorkerProcess.StartAsync(luod.Directory);
        using AgentDevice device = AgentDevice.Connect(luod.Directory);
        var session = (AgentSession)device.CreateSession("s");
        var file = new TestMemfd();
        using (file.Handle)
            session.Preserve(1, file.Handle);
        await PassAsync(session, luod.Directory, worker);
        session.Dispose();

        // It is the other one's alone now, and goes on.
        Refused.With(LiveUpdateError.Exists, () => device.CreateSession("s"));
        Assert.That(await worker.AskAsync("preserve s 1 text"), Is.EqualTo("Exists"));
        await worker.DoAsync("preserve s 2 text");
        await using AgentClient client = await luod.ConnectAsync();
        Assert.That((await client.ListFilesAsync(SessionName.FromImage("s"u8), isIncoming: false)).Select(static one => one.Token.Value), Is.EqualTo(new[] { 1ul, 2ul }));
        await client.UpdateAsync();
        var incoming = (AgentSession)device.RetrieveSession("s");
        await PassAsync(incoming, luod.Directory, worker);
        Assert.That(await worker.AskAsync("read s 2"), Is.EqualTo("text"));
        using AgentSession duplicate = AgentDevice.FromSessionDescriptor(incoming.DuplicateDescriptor());
        incoming.Dispose();
        await worker.DoAsync("close s");
        duplicate.Retrieve<SafeFileHandle>(2).Dispose();
        Refused.With(LiveUpdateError.InvalidArgument, () => device.RetrieveSession("s"));
        duplicate.Dispose();
        using Session last = await Eventually.GetAsync(() => device.RetrieveSession("s"), LiveUpdateError.InvalidArgument);
        last.Finish();
    }

    private static int Count(int process) => LuodProcess.OpenFiles(process).Length;

    private static async Task PassAsync(AgentSession session, string directory, WorkerProcess worker)
    {
        string path = Path.Combine(directory, "pass");
        using Socket listener = StreamSocket.Listen(path);
        Task<string> adopted = worker.AskAsync($"adopt {session.Name} {path}");
        using (SafeFileHandle duplicate = session.DuplicateDescriptor())
        using (Socket socket = await listener.AcceptAsync())
            DescriptorPassing.Send(socket, [1], [duplicate]);
        Assert.That(await adopted, Is.EqualTo("done"));
        File.Delete(path);
    }
}
