using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Interop;

/// <summary>One message over a Unix socket, with descriptors beside its bytes. Never waits.</summary>
[SupportedOSPlatform("linux")]
internal static unsafe class SocketMessage
{
    /// <summary>How many descriptors the kernel takes in one message.</summary>
    public const int MaxDescriptors = 253;

    private const int EINTR = 4;

    /// <summary>Sends one message; the descriptors stay referenced until the kernel has them.</summary>
    /// <returns>The number of bytes taken, or the negative errno.</returns>
    /// <exception cref="ObjectDisposedException">A descriptor is closed.</exception>
    public static int Send(SafeHandle socket, ReadOnlySpan<byte> data, ReadOnlySpan<SafeHandle> descriptors)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(descriptors.Length, MaxDescriptors);
        int held = 0;
        try
        {
            int* numbers = stackalloc int[MaxDescriptors];
            foreach (SafeHandle descriptor in descriptors)
            {
                bool added = false;
                descriptor.DangerousAddRef(ref added);
                numbers[held++] = NumberOf(descriptor);
            }

            return Send(socket, data, new ReadOnlySpan<int>(numbers, held));
        }
        finally
        {
            while (--held >= 0)
                descriptors[held].DangerousRelease();
        }
    }

    /// <summary>Receives one message. Every descriptor that came is in <paramref name="descriptors"/>, whatever the result.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="data">Where the bytes go.</param>
    /// <param name="descriptors">Gets the descriptors, close-on-exec; owned by whoever owns the list.</param>
    /// <param name="truncated">Whether bytes or descriptors were lost, for want of room or of free descriptors.</param>
    /// <param name="most">How many descriptors there is room for.</param>
    /// <returns>The number of bytes, 0 at the end of the stream, or the negative errno.</returns>
    public static int Receive(
        SafeHandle socket, Span<byte> data, List<SafeFileHandle> descriptors, out bool truncated, int most = MaxDescriptors)
    {
        // Room for one more: the kernel fills up the padding.
        descriptors.EnsureCapacity(descriptors.Count + most + 1);
        int room = ControlSpace(most * sizeof(int));
        byte* control = stackalloc byte[room];
        // The vector points into data, which is fixed, and control is on this stack, until recvmsg returns.
        fixed (byte* bytes = data)
        {
            var vector = new Libc.IoVector { Base = bytes, Length = (nuint)data.Length };
            var message = new Libc.MessageHeader { Vectors = &vector, VectorCount = 1 };
            nint received;
            int errno = 0;
            do
            {
                message.Control = control;
                message.ControlLength = (nuint)room;
                received = Libc.Recvmsg(socket, ref message, Libc.MSG_DONTWAIT | Libc.MSG_CMSG_CLOEXEC);
                if (received < 0)
                    errno = Marshal.GetLastPInvokeError();
            }
            while (received < 0 && errno == EINTR);

            truncated = false;
            if (received < 0)
                return -errno;
            Collect(new ReadOnlySpan<byte>(control, (int)message.ControlLength), descriptors);
            truncated = (message.Flags & (Libc.MSG_CTRUNC | Libc.MSG_TRUNC)) != 0;
            return (int)received;
        }
    }

    /// <summary>Looks at what has arrived, and leaves it there, descriptors included.</summary>
    /// <returns>The number of bytes there are to see, up to a byte with descriptors beside it that is not the first; 0 at the end of the stream, or the negative errno.</returns>
    public static int Peek(SafeHandle socket, Span<byte> data)
    {
        // The vector points into data, which is fixed until recvmsg returns. Without room for descriptors none is made.
        fixed (byte* bytes = data)
        {
            var vector = new Libc.IoVector { Base = bytes, Length = (nuint)data.Length };
            while (true)
            {
                var message = new Libc.MessageHeader { Vectors = &vector, VectorCount = 1 };
                nint seen = Libc.Recvmsg(socket, ref message, Libc.MSG_DONTWAIT | Libc.MSG_PEEK);
                if (seen >= 0)
                    return (int)seen;
                int errno = Marshal.GetLastPInvokeError();
                if (errno != EINTR)
                    return -errno;
            }
        }
    }

    /// <summary>The bytes that a control message with so much data takes, its padding included (<c>CMSG_SPACE</c>).</summary>
    internal static int ControlSpace(int dataLength) => Align(sizeof(Libc.ControlHeader)) + Align(dataLength);

    /// <summary>The length that a control message with so much data states (<c>CMSG_LEN</c>).</summary>
    internal static int ControlLength(int dataLength) => Align(sizeof(Libc.ControlHeader)) + dataLength;

    // A handle that is a pointer, as of a memory mapping, is no descriptor, whatever its lower half is the number of.
    private static int NumberOf(SafeHandle descriptor) =>
        descriptor.DangerousGetHandle() is var value and >= 0 and <= int.MaxValue ? (int)value : -1;

    private static int Align(int length) => (length + sizeof(nuint) - 1) & -sizeof(nuint);

    private static int Send(SafeHandle socket, ReadOnlySpan<byte> data, ReadOnlySpan<int> numbers)
    {
        int length = numbers.Length * sizeof(int);
        int space = ControlSpace(length);
        byte* control = stackalloc byte[space];
        // The vector points into data, which is fixed, and control is on this stack, until sendmsg returns.
        fixed (byte* bytes = data)
        {
            var vector = new Libc.IoVector { Base = bytes, Length = (nuint)data.Length };
            var message = new Libc.MessageHeader { Vectors = &vector, VectorCount = 1 };
            if (!numbers.IsEmpty)
            {
                new Span<byte>(control, space).Clear();
                *(Libc.ControlHeader*)control = new Libc.ControlHeader
                {
                    Length = (nuint)ControlLength(length),
                    Level = Libc.SOL_SOCKET,
                    Type = Libc.SCM_RIGHTS,
                };
                numbers.CopyTo(new Span<int>(control + Align(sizeof(Libc.ControlHeader)), numbers.Length));
                message.Control = control;
                message.ControlLength = (nuint)space;
            }

            while (true)
            {
                nint sent = Libc.Sendmsg(socket, in message, Libc.MSG_DONTWAIT | Libc.MSG_NOSIGNAL);
                if (sent >= 0)
                    return (int)sent;
                int errno = Marshal.GetLastPInvokeError();
                if (errno != EINTR)
                    return -errno;
            }
        }
    }

    // Walks all control messages: the kernel may put others before the one with the descriptors.
    private static void Collect(ReadOnlySpan<byte> control, List<SafeFileHandle> descriptors)
    {
        int start = Align(sizeof(Libc.ControlHeader));
        while (control.Length >= sizeof(Libc.ControlHeader))
        {
            Libc.ControlHeader header = MemoryMarshal.Read<Libc.ControlHeader>(control);
            if (header.Length < (nuint)start || header.Length > (nuint)control.Length)
                return;
            if (header is { Level: Libc.SOL_SOCKET, Type: Libc.SCM_RIGHTS })
            {
                foreach (int number in MemoryMarshal.Cast<byte, int>(control[start..(int)header.Length]))
                    descriptors.Add(new SafeFileHandle(number, ownsHandle: true));
            }

            int next = Align((int)header.Length);
            control = next < control.Length ? control[next..] : default;
        }
    }
}
