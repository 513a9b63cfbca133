using System.Net.Sockets;
using LiveUpdate.Kho;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.TestHost.Successor;

/// <summary>
/// A program with a memfd, a connection and a typed state, that is updated by a successor: <c>successor OLD NEW [retry]</c>, where OLD
/// and NEW say
/// at which phase the old and the new process die.
/// </summary>
internal static class SuccessorLife
{
    private const string SessionName = "life";

    private static readonly byte[] s_marker = "bytes that were there before"u8.ToArray();

    public static void Run(string[] args)
    {
        using LiveUpdateOrchestrator luo = LiveUpdateOrchestrator.Boot(Options(Victim.Parse(args[2])));
        using LiveUpdateDevice device = luo.OpenDevice();
        if (luo.PreviousUpdate is { } update)
        {
            Scenario.Say($"new owner {Retrieve(device)}, target {update.Target}, files {update.Files}, descriptors {update.Descriptors}");
            return;
        }

        using Session session = device.CreateSession(SessionName);
        using Content content = Content.Create();
        content.Preserve(session);
        if (TryHandOver(luo, new SuccessorTarget(new SuccessorOptions()) { Reached = Victim.Parse(args[1]) }))
            return;
        Scenario.Say($"old owner {content.Check()}, files {session.GetFiles().Count}");
        if (args.Length > 3)
            TryHandOver(luo, new SuccessorTarget(new SuccessorOptions { Arguments = ["successor", "-", "-"] }));
    }

    public static LiveUpdateOptions Options(Action<SuccessorPhase>? reached = null) => new()
    {
        MemorySize = 4 << 20,
        SuccessorReached = reached,
        Handlers = { new MemfdHandler(), new StateHandler<Note>("note-v1", NoteFormatter.Instance), new DescriptorHandler() },
    };

    /// <summary>True if there is nothing more to do here.</summary>
    public static bool TryHandOver(LiveUpdateOrchestrator luo, HandoverTarget target)
    {
        try
        {
            LiveUpdateReport report = luo.HandOver(target);
            Scenario.Say($"handed over {report.Files} files, {report.Descriptors} descriptors");
            return true;
        }
        catch (LiveUpdateException exception) when (luo.Engine.Gate.IsOver)
        {
            Scenario.Say($"lost {exception.Error}");
            return true;
        }
        catch (LiveUpdateException exception)
        {
            Scenario.Say($"called off {exception.Error}");
            return false;
        }
    }

    private static bool Retrieve(LiveUpdateDevice device)
    {
        using Session session = device.RetrieveSession(SessionName);
        using Content content = Content.Retrieve(session);
        bool good = content.Check();
        session.Finish();
        return good;
    }

    /// <summary>What must be the same in every generation.</summary>
    private sealed class Content(KhoMemory memory, Socket near, Socket far, Note note) : IDisposable
    {
        public static Content Create()
        {
            KhoMemory memory = KhoMemory.CreateShared(1 << 20, "ram");
            s_marker.CopyTo(memory.GetSpan(memory.Base, s_marker.Length));
            using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            listener.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
            listener.Listen();
            var near = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            near.Connect(listener.LocalEndPoint!);
            return new Content(memory, near, listener.Accept(), new Note("typed", 2026));
        }

        public static Content Retrieve(Session session) => new(
            KhoMemory.OpenShared(session.Retrieve<SafeFileHandle>(1)), session.Retrieve<Socket>(2), session.Retrieve<Socket>(3), session.Retrieve<Note>(4));

        public void Preserve(Session session)
        {
            session.Preserve(1, memory.SharedFile!);
            session.Preserve(2, near);
            session.Preserve(3, far);
            session.Preserve(4, note);
        }

        public bool Check()
        {
            var echo = new byte[1];
            near.Send([42]);
            return memory.GetSpan(memory.Base, s_marker.Length).SequenceEqual(s_marker) && far.Receive(echo) == 1 && echo[0] == 42 &&
                note is { Text: "typed", Number: 2026 };
        }

        public void Dispose()
        {
            memory.Dispose();
            near.Dispose();
            far.Dispose();
        }
    }
}
