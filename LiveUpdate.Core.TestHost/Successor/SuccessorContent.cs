using System.Net.Sockets;
using LiveUpdate.Kho;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.TestHost.Successor;

/// <summary>What must be the same in every generation.</summary>
internal sealed class SuccessorContent(KhoMemory memory, Socket near, Socket far, Note note) : IDisposable
{
    private static readonly byte[] s_marker = "bytes that were there before"u8.ToArray();

    public static SuccessorContent Create()
    {
        KhoMemory memory = KhoMemory.CreateShared(1 << 20, "ram");
        s_marker.CopyTo(memory.GetSpan(memory.Base, s_marker.Length));
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        listener.Listen();
        var near = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        near.Connect(listener.LocalEndPoint!);
        return new SuccessorContent(memory, near, listener.Accept(), new Note("typed", 2026));
    }

    public static SuccessorContent Retrieve(Session session) => new(
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
