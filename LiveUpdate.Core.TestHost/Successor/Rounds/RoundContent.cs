using System.Net.Sockets;
using System.Runtime.InteropServices;
using LiveUpdate.Kho;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.TestHost.Successor.Rounds;

/// <summary>
/// What every owner must find as the one before left it: a memfd with the process id of every owner in order, a connection with a byte on
/// its way, and a typed state that counts the owners.
/// </summary>
internal sealed class RoundContent : IDisposable
{
    private const int Room = 1 << 16;

    private readonly KhoMemory _memory;
    private readonly Socket _near;
    private readonly Socket _far;
    private int _owners;
    private bool _isOnItsWay;

    private RoundContent(KhoMemory memory, Socket near, Socket far, int owners) =>
        (_memory, _near, _far, _owners, _isOnItsWay) = (memory, near, far, owners, owners > 0);

    private Span<int> Owners => MemoryMarshal.Cast<byte, int>(_memory.GetSpan(_memory.Base, Room));

    public static RoundContent Create()
    {
        KhoMemory memory = KhoMemory.CreateShared(Room, "owners");
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        listener.Listen();
        var near = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        near.Connect(listener.LocalEndPoint!);
        return new RoundContent(memory, near, listener.Accept(), 0);
    }

    public static RoundContent Retrieve(Session session)
    {
        session.Retrieve<Ledger>(5);
        return new RoundContent(
            KhoMemory.OpenShared(session.Retrieve<SafeFileHandle>(1)),
            session.Retrieve<Socket>(2),
            session.Retrieve<Socket>(3),
            (int)session.Retrieve<Note>(4).Number);
    }

    /// <summary>Enters this process as the owner after the last one, and preserves everything again.</summary>
    public void Begin(Session session, Ledger ledger)
    {
        Owners[_owners++] = Environment.ProcessId;
        session.Preserve(1, _memory.SharedFile!);
        session.Preserve(2, _near);
        session.Preserve(3, _far);
        session.Preserve(4, new Note("owners", _owners));
        session.Preserve(5, ledger);
    }

    /// <summary>Sends the byte that the next owner must find.</summary>
    public void SendByte()
    {
        _near.Send([(byte)_owners]);
        _isOnItsWay = true;
    }

    /// <summary>Compares with the owners that the ledger knows.</summary>
    /// <returns>What is wrong; null if nothing is.</returns>
    public string? Check(IReadOnlyList<int> owners)
    {
        if (_owners != owners.Count)
            return $"{_owners} owners where the ledger has {owners.Count}";
        if (!Owners[.._owners].SequenceEqual([.. owners]))
            return $"owners {string.Join(' ', Owners[.._owners].ToArray())} where the ledger has {string.Join(' ', owners)}";
        if (Owners[_owners..].ContainsAnyExcept(0))
            return "bytes behind the last owner";
        if (!_isOnItsWay)
            return null;
        _isOnItsWay = false;
        var received = new byte[2];
        return _far.Receive(received) == 1 && received[0] == (byte)_owners ? null : $"{received[0]} on the connection where {_owners} was sent";
    }

    public void Dispose()
    {
        _memory.Dispose();
        _near.Dispose();
        _far.Dispose();
    }
}
