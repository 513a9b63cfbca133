using System.Buffers.Binary;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Tests.Agent;

/// <summary>
/// The agent's end of the socket, written by the test frame by frame: an agent cannot be made to die between taking a request and answering
/// it.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class ScriptedAgent : IDisposable
{
    public const uint Greeting = 1;
    public const uint Resumed = 2;
    public const uint Ended = 3;

    // A client that does not come must not hang the tests.
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(1);

    private readonly DirectoryInfo _directory = System.IO.Directory.CreateTempSubdirectory("agent");
    private readonly Socket _listener;

    public ScriptedAgent() => _listener = StreamSocket.Listen(Path.Combine(Directory, "device"));

    public string Directory => _directory.FullName;

    /// <summary>Takes the next connection.</summary>
    public async Task<SafeFileHandle> AcceptAsync()
    {
        using var limit = new CancellationTokenSource(s_limit);
        return StreamSocket.Detach(await _listener.AcceptAsync(limit.Token));
    }

    /// <summary>Makes a session: the agent's end, and the client's.</summary>
    public static (SafeFileHandle Ours, SafeFileHandle Theirs) NewSession() => SocketPair.Create();

    /// <summary>Reads a request: its number, and its struct.</summary>
    public static (uint Request, byte[] Struct) Read(SafeFileHandle socket, out bool hasDescriptor)
    {
        using var received = new ReceivedDescriptors();
        byte[] frame = new byte[8];
        ReadExactly(socket, frame, received);
        byte[] argument = new byte[BinaryPrimitives.ReadUInt32LittleEndian(frame) - 8];
        ReadExactly(socket, argument, received);
        hasDescriptor = received.Count > 0;
        return (BinaryPrimitives.ReadUInt32LittleEndian(frame.AsSpan(4)), argument);
    }

    /// <summary>Sends an answer.</summary>
    public static void Answer(SafeFileHandle socket, uint request, LiveUpdateError error, ReadOnlySpan<byte> argument, SafeHandle? beside = null)
    {
        byte[] frame = new byte[12 + argument.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(frame, (uint)frame.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(4), request);
        BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(8), (int)error);
        argument.CopyTo(frame.AsSpan(12));
        DescriptorPassing.Send(socket, frame, beside is null ? [] : [beside], Deadline.Never);
    }

    /// <summary>Sends a frame of the agent's own.</summary>
    public static void Tell(SafeFileHandle socket, uint kind, LiveUpdateError error, params ReadOnlySpan<uint> fields)
    {
        Span<uint> argument = [(uint)(4 * (fields.Length + 1)), .. fields];
        Answer(socket, kind, error, MemoryMarshal.AsBytes(argument));
    }

    public void Dispose()
    {
        _listener.Dispose();
        _directory.Delete(recursive: true);
    }

    private static void ReadExactly(SafeFileHandle socket, Span<byte> bytes, ReceivedDescriptors received)
    {
        while (!bytes.IsEmpty)
        {
            int count = DescriptorPassing.Receive(socket, bytes, received, Deadline.After(s_limit));
            Assert.That(count, Is.Positive, "the client ended the connection");
            bytes = bytes[count..];
        }
    }
}
