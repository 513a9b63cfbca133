using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate;

/// <summary>Decides which descriptors pass an <c>execve</c>, and puts their flags back if it fails.</summary>
[SupportedOSPlatform("linux")]
internal sealed class CloseOnExecFlags
{
    private const int FirstAfterStandardStreams = 3;

    private readonly List<(SafeHandle Descriptor, int Flags)> _before;
    private readonly List<SafeFileHandle> _inheritable;

    /// <summary>Looks for the descriptors that would pass as they are, and makes room to remember flags.</summary>
    /// <param name="capacity">How many descriptors will be kept, about.</param>
    public CloseOnExecFlags(int capacity)
    {
        _inheritable = FindInheritable();
        _before = new List<(SafeHandle, int)>(capacity + _inheritable.Count);
    }

    /// <summary>Lets a descriptor pass.</summary>
    /// <exception cref="LiveUpdateException">EBADF: it is not open.</exception>
    public void Keep(SafeHandle descriptor) => Change(descriptor, set: 0, clear: Libc.FD_CLOEXEC);

    /// <summary>Lets what would have passed be closed, the standard streams aside.</summary>
    public void CloseTheRest()
    {
        foreach (SafeFileHandle descriptor in _inheritable)
        {
            // One that is not open any more needs no closing.
            if (Libc.Fcntl(descriptor, Libc.F_GETFD, 0) >= 0)
                Change(descriptor, set: Libc.FD_CLOEXEC, clear: 0);
        }
    }

    /// <summary>Gives every descriptor the flags it had, the last one first.</summary>
    public void Restore()
    {
        for (int i = _before.Count - 1; i >= 0; i--)
            _ = Libc.Fcntl(_before[i].Descriptor, Libc.F_SETFD, _before[i].Flags);
        _before.Clear();
    }

    private static List<SafeFileHandle> FindInheritable()
    {
        var found = new List<SafeFileHandle>();
        foreach (string path in Directory.EnumerateFileSystemEntries("/proc/self/fd"))
        {
            int number = int.Parse(Path.GetFileName(path.AsSpan()), CultureInfo.InvariantCulture);
            if (number < FirstAfterStandardStreams)
                continue;
            var descriptor = new SafeFileHandle(number, ownsHandle: false);
            if (Libc.Fcntl(descriptor, Libc.F_GETFD, 0) is var flags and >= 0 && (flags & Libc.FD_CLOEXEC) == 0)
                found.Add(descriptor);
        }

        return found;
    }

    private void Change(SafeHandle descriptor, int set, int clear)
    {
        int flags = Libc.Fcntl(descriptor, Libc.F_GETFD, 0);
        if (flags < 0 || Libc.Fcntl(descriptor, Libc.F_SETFD, (flags | set) & ~clear) != 0)
            throw Errno.Failed(Marshal.GetLastPInvokeError(), $"Changing the flags of descriptor {descriptor.DangerousGetHandle()}");
        _before.Add((descriptor, flags));
    }
}
