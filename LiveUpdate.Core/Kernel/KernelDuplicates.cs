using System.Globalization;
using System.Runtime.Versioning;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate;

/// <summary>
/// Keeps a refused duplicate name from killing the next kernel. The kernel makes room for the session before it looks at the name, and
/// does not give it back: with 51 sessions, or a multiple, a block without an entry is handed over, and the new kernel panics (S-06).
/// </summary>
[SupportedOSPlatform("linux")]
internal static class KernelDuplicates
{
    private const int Attempts = 16;

    private static int s_number;

    /// <summary>The refusal of a name that this process holds: the kernel is not asked, so that nothing is to be repaired.</summary>
    public static LiveUpdateException Known(SafeFileHandle device, SessionName name)
    {
        // The kernel reserves the descriptor first, so that EMFILE wins over EEXIST (U-21).
        try
        {
            DescriptorInfo.Duplicate(device).Dispose();
        }
        catch (LiveUpdateException exception)
        {
            return KernelRefusal.For(exception.Error, SessionRequest.Create, name);
        }

        return KernelRefusal.For(LiveUpdateError.Exists, SessionRequest.Create, name);
    }

    /// <summary>
    /// The refusal of a name that the kernel found to be taken. A session of another name is made and closed: its close gives back all
    /// room that is not needed (S-05).
    /// </summary>
    public static LiveUpdateException Repair(SafeFileHandle device, SessionName name)
    {
        LiveUpdateError error = LiveUpdateError.Exists;
        for (int attempt = 0; attempt < Attempts && error == LiveUpdateError.Exists; attempt++)
        {
            error = KernelRequests.CreateSession(device, FreshName(), out SafeFileHandle? session);
            session?.Dispose();
        }

        if (error == LiveUpdateError.None)
            return KernelRefusal.For(LiveUpdateError.Exists, SessionRequest.Create, name);
        return Refusal.Create(
            LiveUpdateError.Exists,
            SessionRequest.Create,
            "An outgoing session has this name. A session could not be made and closed to give back the room that the kernel made for it " +
            $"({Errno.Name(error)}): make or close any session before the next kexec, or the next kernel may panic (reference S-06).",
            name.ToString());
    }

    private static SessionName FreshName()
    {
        string text = string.Create(
            CultureInfo.InvariantCulture, $"liveupdate-core-trim.{Environment.ProcessId}.{Interlocked.Increment(ref s_number)}");
        return SessionName.TryCreate(text, out SessionName name) ? name : throw new InvalidOperationException("The name is valid.");
    }
}
