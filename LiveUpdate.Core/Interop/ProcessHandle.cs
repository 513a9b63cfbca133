using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Interop;

/// <summary>Another process, held by a pidfd: its number cannot come to mean another process while this is open.</summary>
[SupportedOSPlatform("linux")]
internal sealed class ProcessHandle : IDisposable
{
    private const int ESRCH = 3;
    private const int EINTR = 4;
    private const int ENOMEM = 12;
    private const int EINVAL = 22;
    private const int ENOPROTOOPT = 92;

    private static readonly TimeSpan s_breath = TimeSpan.FromMilliseconds(1);

    private readonly bool _isOurs;
    private string? _ending;

    private ProcessHandle(SafeFileHandle descriptor, int id, bool isStandIn = false, bool isOurs = false) =>
        (Descriptor, Id, IsStandIn, _isOurs) = (descriptor, id, isStandIn, isOurs);

    /// <summary>The pidfd; readable when the process has ended.</summary>
    public SafeFileHandle Descriptor { get; }

    /// <summary>The process id.</summary>
    public int Id { get; }

    /// <summary>Whether it is none, but stands in for one in a rehearsal.</summary>
    public bool IsStandIn { get; }

    /// <summary>Whether it has ended: no thread of it runs, and what it had open is closed.</summary>
    public bool HasEnded => Wait(0);

    /// <summary>
    /// Makes a stand-in for the other side of a rehearsal, which both sides play in this process: it ends when it is killed.
    /// </summary>
    /// <exception cref="LiveUpdateException">EMFILE: no descriptor is free.</exception>
    public static ProcessHandle CreateStandIn()
    {
        SafeFileHandle descriptor = Libc.Eventfd(0, Libc.EFD_CLOEXEC | Libc.EFD_NONBLOCK);
        return descriptor.IsInvalid
            ? throw Errno.Failed(Marshal.GetLastPInvokeError(), "Creating an eventfd")
            : new ProcessHandle(descriptor, Environment.ProcessId, isStandIn: true);
    }

    /// <summary>Holds a child that this library started; it is this handle's to reap.</summary>
    /// <exception cref="LiveUpdateException">The call failed: EMFILE; ENOSYS before Linux 5.3.</exception>
    public static ProcessHandle OpenChild(int id) => TryOpen(id, isOurs: true) ?? throw Errno.Failed(ESRCH, $"Opening the child {id}");

    // The caller knows that the id is still that process's; null if there is no such process.
    private static ProcessHandle? TryOpen(int id, bool isOurs)
    {
        var descriptor = new SafeFileHandle();
        int number = Libc.PidfdOpen(id);
        int errno = number < 0 ? Marshal.GetLastPInvokeError() : 0;
        if (errno == ESRCH)
            return null;
        if (errno != 0)
            throw Errno.Failed(errno, $"Opening process {id}");
        Marshal.InitHandle(descriptor, number);
        return new ProcessHandle(descriptor, id, isOurs: isOurs);
    }

    /// <summary>Holds the process at the other end of a Unix socket: the one that connected, listened or made the pair.</summary>
    /// <remarks>
    /// Before Linux 6.5 by its id: were it to end, and another process to get its number, between the connect and this call, that one
    /// would be
    /// held.
    /// </remarks>
    /// <returns>Null if it has ended and been waited for; the kernel may also give a handle of such a process.</returns>
    /// <exception cref="LiveUpdateException">A call failed: EMFILE, no descriptor is free.</exception>
    public static ProcessHandle? TryOpenPeer(SafeHandle socket, int id)
    {
        var descriptor = new SafeFileHandle();
        Span<int> number = [-1];
        uint bytes = sizeof(int);
        if (Libc.Getsockopt(socket, Libc.SOL_SOCKET, Libc.SO_PEERPIDFD, number, ref bytes) != 0)
            return TryOpenPeerById(Marshal.GetLastPInvokeError(), id);
        Marshal.InitHandle(descriptor, number[0]);
        return new ProcessHandle(descriptor, id);
    }

    /// <summary>The process id and the effective user id of the process at the other end of a Unix socket.</summary>
    /// <exception cref="LiveUpdateException">The call failed.</exception>
    public static (int Process, uint User) IdentifyPeer(SafeHandle socket)
    {
        Span<int> credentials = stackalloc int[3];
        uint bytes = sizeof(int) * 3;
        if (Libc.Getsockopt(socket, Libc.SOL_SOCKET, Libc.SO_PEERCRED, credentials, ref bytes) != 0)
            throw Errno.Failed(Marshal.GetLastPInvokeError(), "Asking who is at the other end of a socket");
        return (credentials[0], (uint)credentials[1]);
    }

    /// <summary>Its real user, by number; null if that cannot be found out.</summary>
    public string? User
    {
        get
        {
            try
            {
                string? line = File.ReadLines($"/proc/{Id}/status").FirstOrDefault(static line => line.StartsWith("Uid:", StringComparison.Ordinal));
                return line?.Split('\t', StringSplitOptions.RemoveEmptyEntries).ElementAtOrDefault(1);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                return null;
            }
        }
    }

    /// <summary>Kills it and waits until it has ended, without limit: nothing may go on while it could still act.</summary>
    /// <returns>False if the system does not let this process kill it, as when it runs as another user by now.</returns>
    public bool TryKill()
    {
        if (IsStandIn)
            RandomAccess.Write(Descriptor, BitConverter.GetBytes(1UL), 0);
        else if (Libc.PidfdSendSignal(Descriptor, Libc.SIGKILL) != 0 && !HasEnded)
            return false;
        WaitForEnd();
        return true;
    }

    /// <summary>Waits until it has ended.</summary>
    /// <returns>False if the time was over before.</returns>
    public bool WaitForEnd(Deadline deadline)
    {
        while (!Wait(deadline.Milliseconds))
        {
            if (deadline.IsOver)
                return false;
        }

        return true;
    }

    /// <summary>Waits until it has ended, without limit.</summary>
    public void WaitForEnd()
    {
        while (!Wait(-1))
        {
        }
    }

    /// <summary>Says how a child has ended, and takes leave of it, so that no zombie stays, if this library started it.</summary>
    /// <remarks>
    /// One that the program itself started and that was adopted is the program's to reap: <see cref="System.Diagnostics.Process"/> waits for
    /// ever for a child that somebody else has reaped.
    /// </remarks>
    /// <param name="milliseconds">How long to wait for its end.</param>
    /// <returns>Null if it has not ended, is no child of this process, or was reaped by somebody else.</returns>
    public string? Reap(int milliseconds = 0)
    {
        Wait(milliseconds);
        return IsStandIn ? null : _ending ??= ReapOnce();
    }

    private string? ReapOnce()
    {
        using var reference = new HandleReference(Descriptor);
        int options = Libc.WEXITED | Libc.WNOHANG | (_isOurs ? 0 : Libc.WNOWAIT);
        if (Libc.Waitid(Libc.P_PIDFD, (int)reference.Value, out Libc.ChildStatus status, options) != 0 || status.Process == 0)
            return null;
        return status.Code == Libc.CLD_EXITED
            ? string.Create(CultureInfo.InvariantCulture, $"exit code {status.Status}")
            : string.Create(CultureInfo.InvariantCulture, $"signal {status.Status}");
    }

    /// <inheritdoc/>
    public void Dispose() => Descriptor.Dispose();

    private static ProcessHandle? TryOpenPeerById(int errno, int id) => errno switch
    {
        ENOPROTOOPT => TryOpen(id, isOurs: false),
        ESRCH or EINVAL => null,
        _ => throw Errno.Failed(errno, $"Opening process {id}"),
    };

    private bool Wait(int milliseconds)
    {
        using var reference = new HandleReference(Descriptor);
        var entry = new Libc.PollEntry { Descriptor = (int)reference.Value, Events = Libc.POLLIN };
        int ready = Libc.Poll(ref entry, 1, milliseconds);
        if (ready >= 0)
            return ready > 0;
        int errno = Marshal.GetLastPInvokeError();

        // Who is the owner depends on this answer, so a lack of memory only delays it.
        if (errno == ENOMEM)
            Thread.Sleep(s_breath);
        else if (errno != EINTR)
            throw Errno.Failed(errno, $"Waiting for process {Id}");
        return false;
    }
}
