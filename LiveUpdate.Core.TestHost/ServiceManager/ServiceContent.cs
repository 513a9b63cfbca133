using System.Buffers.Binary;
using System.Net.Sockets;
using LiveUpdate.Kho;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.TestHost.ServiceManager;

/// <summary>
/// What must be the same in every generation: a memfd, a listener, its one connection, a typed state, and eventfds with a number each.
/// </summary>
internal sealed class ServiceContent : IDisposable
{
    private const string SessionName = "service";
    private const int FirstEvent = 100;

    private static readonly byte[] s_marker = "bytes that were there before"u8.ToArray();

    private readonly List<SafeFileHandle> _events = [];
    private readonly EchoServer _echo;
    private readonly Socket _listener;
    private readonly KhoMemory _ram;
    private readonly Note _note;
    private Socket? _connection;
    private Session? _session;

    private ServiceContent(KhoMemory ram, Socket listener, Socket? connection, Note note)
    {
        (_ram, _listener, _connection, _note) = (ram, listener, connection, note);
        _echo = new EchoServer(listener, connection, Accepted);
    }

    public EchoServer Echo => _echo;

    public int Port => ((System.Net.IPEndPoint)_listener.LocalEndPoint!).Port;

    public static ServiceContent Create(int events)
    {
        KhoMemory ram = KhoMemory.CreateShared(1 << 20, "ram");
        s_marker.CopyTo(ram.GetSpan(ram.Base, s_marker.Length));
        var content = new ServiceContent(ram, EchoServer.Listen(), null, new Note("service", events));
        for (int i = 0; i < events; i++)
            content._events.Add(Libc.EventFd((uint)i + 1));
        return content;
    }

    /// <summary>Retrieves everything, and finishes the session.</summary>
    public static ServiceContent Retrieve(LiveUpdateDevice device)
    {
        using Session session = device.RetrieveSession(SessionName);
        Note note = session.Retrieve<Note>(4);
        session.TryRetrieve(3, out Socket? connection);
        var content = new ServiceContent(KhoMemory.OpenShared(session.Retrieve<SafeFileHandle>(1)), session.Retrieve<Socket>(2), connection, note);
        for (int i = 0; i < note.Number; i++)
            content._events.Add(session.Retrieve<SafeFileHandle>(Token.From(FirstEvent + i)));
        session.Finish();
        return content;
    }

    public void Preserve(LiveUpdateDevice device)
    {
        _session = device.CreateSession(SessionName);
        _session.Preserve(1, _ram.SharedFile!);
        _session.Preserve(2, _listener);
        if (_connection is not null)
            _session.Preserve(3, _connection);
        _session.Preserve(4, _note);
        for (int i = 0; i < _events.Count; i++)
            _session.Preserve(Token.From(FirstEvent + i), _events[i]);
    }

    /// <summary>Whether the memfd has its bytes, and every eventfd the number it was made with.</summary>
    public bool Check() => _ram.GetSpan(_ram.Base, s_marker.Length).SequenceEqual(s_marker) && _note.Text == "service" &&
        _events.Select(Read).SequenceEqual(Enumerable.Range(1, (int)_note.Number).Select(static number => (ulong)number));

    public void Dispose()
    {
        _echo.Dispose();
        _ram.Dispose();
        _events.ForEach(static file => file.Dispose());
    }

    // Reading takes the number out, so that a second retrieve of the same eventfd would be seen; it is written back.
    private static ulong Read(SafeFileHandle file)
    {
        Span<byte> number = stackalloc byte[sizeof(ulong)];
        RandomAccess.Read(file, number, 0);
        RandomAccess.Write(file, number, 0);
        return BinaryPrimitives.ReadUInt64LittleEndian(number);
    }

    private void Accepted(Socket connection)
    {
        _connection = connection;
        _session?.Preserve(3, connection);
    }
}
