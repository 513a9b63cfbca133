using System.Runtime.InteropServices;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Benchmarks.Agent;

/// <summary>
/// The least that a message with a descriptor beside it costs: one blocking <c>sendmsg</c>, one blocking <c>recvmsg</c>, through the same
/// calls as the library's.
/// </summary>
internal static unsafe class BlockingSocket
{
    // A header and one descriptor, both padded to 8 bytes.
    private const int ControlSize = 24;
    private const int ControlLength = 20;

    /// <summary>Sends a message.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="message">The bytes.</param>
    /// <param name="beside">The descriptor; null for none.</param>
    /// <exception cref="IOException">The other end is gone.</exception>
    public static void Send(SafeHandle socket, ReadOnlySpan<byte> message, SafeHandle? beside)
    {
        ulong* control = stackalloc ulong[ControlSize / sizeof(ulong)];

        // The vector points into the message, which is fixed, and control is on this stack, until sendmsg returns.
        fixed (byte* bytes = message)
        {
            var vector = new Libc.IoVector { Base = bytes, Length = (nuint)message.Length };
            var header = new Libc.MessageHeader { Vectors = &vector, VectorCount = 1 };
            if (beside is not null)
            {
                *(Libc.ControlHeader*)control = new() { Length = ControlLength, Level = Libc.SOL_SOCKET, Type = Libc.SCM_RIGHTS };
                control[2] = (uint)beside.DangerousGetHandle();
                header.Control = (byte*)control;
                header.ControlLength = ControlSize;
            }

            nint sent = Libc.Sendmsg(socket, in header, Libc.MSG_NOSIGNAL);
            if (sent != message.Length)
                throw new IOException($"sendmsg returned {sent}, errno {Marshal.GetLastPInvokeError()}.");
        }

        GC.KeepAlive(beside);
    }

    /// <summary>Receives a message.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="message">Gets the bytes.</param>
    /// <param name="beside">The descriptor, owned by the caller; null if none came.</param>
    /// <returns>False at the end of the stream.</returns>
    /// <exception cref="IOException">The connection failed, or part of a message came.</exception>
    public static bool TryReceive(SafeHandle socket, Span<byte> message, out SafeFileHandle? beside)
    {
        beside = null;
        ulong* control = stackalloc ulong[ControlSize / sizeof(ulong)];

        // As above, until recvmsg returns.
        fixed (byte* bytes = message)
        {
            var vector = new Libc.IoVector { Base = bytes, Length = (nuint)message.Length };
            var header = new Libc.MessageHeader { Vectors = &vector, VectorCount = 1 };
            header.Control = (byte*)control;
            header.ControlLength = ControlSize;
            nint received = Libc.Recvmsg(socket, ref header, Libc.MSG_CMSG_CLOEXEC);
            if (received == 0)
                return false;
            if (header.ControlLength >= ControlLength && ((Libc.ControlHeader*)control)->Type == Libc.SCM_RIGHTS)
                beside = new SafeFileHandle(*(int*)(control + 2), ownsHandle: true);
            return received == message.Length
                ? true
                : throw new IOException($"recvmsg returned {received}, errno {Marshal.GetLastPInvokeError()}.");
        }
    }
}
