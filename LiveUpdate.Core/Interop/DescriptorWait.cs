using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace LiveUpdate.Interop;

/// <summary>Waits until a socket can be read or written.</summary>
[SupportedOSPlatform("linux")]
internal static class DescriptorWait
{
    private const int EINTR = 4;

    /// <summary>Waits for a socket, or for one of two other descriptors to become readable.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="events">What to wait for; the end of the connection is always waited for.</param>
    /// <param name="deadline">When to give up.</param>
    /// <param name="process">A pidfd; null for none.</param>
    /// <param name="cancel">An eventfd; null for none.</param>
    /// <returns>What came first, the socket before the process before the cancellation.</returns>
    /// <exception cref="LiveUpdateException">The call failed.</exception>
    public static WaitResult Wait(SafeHandle socket, short events, Deadline deadline, SafeHandle? process = null, SafeHandle? cancel = null)
    {
        using var first = new HandleReference(socket);
        using var second = new HandleReference(process ?? socket);
        using var third = new HandleReference(cancel ?? socket);
        Span<Libc.PollEntry> entries =
        [
            new() { Descriptor = (int)first.Value, Events = events },
            new() { Descriptor = process is null ? -1 : (int)second.Value, Events = Libc.POLLIN },
            new() { Descriptor = cancel is null ? -1 : (int)third.Value, Events = Libc.POLLIN },
        ];
        while (true)
        {
            int ready = Libc.Poll(ref entries[0], (nuint)entries.Length, deadline.Milliseconds);
            if (ready > 0)
                return entries[0].Returned != 0 ? WaitResult.Socket : entries[1].Returned != 0 ? WaitResult.Process : WaitResult.Cancelled;
            if (ready < 0 && Marshal.GetLastPInvokeError() is var errno && errno != EINTR)
                throw Errno.Failed(errno, "Waiting for a socket");
            if (deadline.IsOver)
                return WaitResult.TimedOut;
        }
    }
}
