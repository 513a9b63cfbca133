using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace LiveUpdate.Interop;

/// <summary>Starts a program that inherits the standard streams and one descriptor more, and nothing else.</summary>
[SupportedOSPlatform("linux")]
internal static class ChildProcess
{
    /// <summary>The number under which the child finds the descriptor.</summary>
    public const int InheritedDescriptor = 3;

    private const int EINTR = 4;

    /// <summary>Starts a program.</summary>
    /// <param name="path">The file.</param>
    /// <param name="arguments">All arguments, the program's name first.</param>
    /// <param name="environment">The whole environment, <c>NAME=value</c> each.</param>
    /// <param name="inherited">The descriptor; stays close-on-exec here, so that no child that another thread starts gets it.</param>
    /// <returns>The process; a child of this one.</returns>
    /// <remarks>No signal is blocked or ignored in the child, whatever the runtime of this process does with SIGPIPE.</remarks>
    /// <exception cref="LiveUpdateException">
    /// The errno of the call, as ENOENT, EACCES, ENOEXEC or EAGAIN; EMFILE: no descriptor is free for a handle, and the child was ended.
    /// </exception>
    public static ProcessHandle Start(string path, NativeStringArray arguments, NativeStringArray environment, SafeHandle inherited)
    {
        Span<byte> actions = stackalloc byte[Libc.SpawnStructRoom];
        Span<byte> attributes = stackalloc byte[Libc.SpawnStructRoom];
        using var reference = new HandleReference(inherited);
        Check(Libc.SpawnActionsInit(actions));
        try
        {
            Check(Libc.SpawnAttributesInit(attributes));
            try
            {
                // Also with the same number on both sides this leaves the child's descriptor open across the exec.
                Check(Libc.SpawnActionsAddDup2(actions, (int)reference.Value, InheritedDescriptor));
                CloseTheRest(actions);
                Check(Libc.SpawnAttributesSetSignalMask(attributes, default));
                Check(Libc.SpawnAttributesSetDefaultSignals(attributes, new Libc.SignalSet { First64 = 1UL << (Libc.SIGPIPE - 1) }));
                Check(Libc.SpawnAttributesSetFlags(attributes, Libc.POSIX_SPAWN_SETSIGMASK | Libc.POSIX_SPAWN_SETSIGDEF));
                Check(Libc.PosixSpawn(out int id, path, actions, attributes, arguments, environment), path);
                return Hold(id);
            }
            finally
            {
                _ = Libc.SpawnAttributesDestroy(attributes);
            }
        }
        finally
        {
            _ = Libc.SpawnActionsDestroy(actions);
        }
    }

    // The child is not waited for before this handle is used for it, so the id is its own. Without a handle it could never be ended later.
    private static ProcessHandle Hold(int id)
    {
        try
        {
            return ProcessHandle.OpenChild(id);
        }
        catch
        {
            _ = Libc.Kill(id, Libc.SIGKILL);
            while (Libc.Waitid(Libc.P_PID, id, out _, Libc.WEXITED) != 0 && Marshal.GetLastPInvokeError() == EINTR)
            {
            }

            throw;
        }
    }

    private static void CloseTheRest(Span<byte> actions)
    {
        try
        {
            Check(Libc.SpawnActionsAddCloseFrom(actions, InheritedDescriptor + 1));
        }
        catch (EntryPointNotFoundException)
        {
            // An older C library: what is not close-on-exec passes, as with any other way to start a program.
        }
    }

    private static void Check(int errno, string? path = null)
    {
        if (errno != 0)
            throw Errno.Failed(errno, path is null ? "Preparing to start a program" : $"Starting {path}");
    }
}
