using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate;

/// <summary>
/// What a process tells the successor that it starts, in an environment variable: the format's version, the descriptor of the stream,
/// its own
/// process id, and the stream's inode.
/// </summary>
/// <remarks>
/// A process that merely inherited the variable has another file behind the number; one that inherited the stream too, because the
/// successor
/// started it before it booted, has another parent. Both boot afresh.
/// </remarks>
[SupportedOSPlatform("linux")]
internal static class SuccessorNotice
{
    /// <summary>The name of the variable.</summary>
    public const string Variable = "LIVEUPDATE_SUCCESSOR";

    private const string Version = "v1";

    /// <summary>Whether the variable is there.</summary>
    public static bool IsPresent => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 };

    /// <summary>The value for a child.</summary>
    public static string ForChild(int descriptor, SafeHandle stream) => string.Create(
        CultureInfo.InvariantCulture, $"{Version}:{descriptor}:{Environment.ProcessId}:{DescriptorInfo.Identify(stream).Inode}");

    /// <summary>Takes the stream over, close-on-exec; the variable is gone afterwards.</summary>
    /// <param name="stream">The stream; owned by the caller.</param>
    /// <param name="predecessor">The process that started this one; 0 if it is gone.</param>
    /// <returns>False if this process was not started as a successor.</returns>
    /// <exception cref="LiveUpdateException">EPROTO: the variable cannot be read.</exception>
    public static bool TryTake([NotNullWhen(true)] out SafeFileHandle? stream, out int predecessor)
    {
        (stream, predecessor) = (null, 0);
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } value)
            return false;
        Environment.SetEnvironmentVariable(Variable, null);
        _ = Libc.Unsetenv(Variable);
        string[] parts = value.Split(':');
        if (parts.Length != 4 || parts[0] != Version || !TryParse(parts[1], out int number) || !TryParse(parts[2], out predecessor) ||
            !ulong.TryParse(parts[3], NumberStyles.None, CultureInfo.InvariantCulture, out ulong inode))
        {
            throw new LiveUpdateException(
                LiveUpdateError.Protocol, $"{Variable} is \"{value}\", and should be {Version}, a descriptor, a process id and an inode, with colons between.");
        }

        // Not owned until it is known to be the stream: another file behind the number is somebody else's.
        using var found = new SafeFileHandle(number, ownsHandle: false);
        if (!DescriptorInfo.IsOpen(found) || DescriptorInfo.Identify(found).Inode != inode)
            return false;
        if (Libc.Getppid() != predecessor)
        {
            if (DescriptorWait.Wait(found, 0, Deadline.After(TimeSpan.Zero)) != WaitResult.Socket)
                return false;
            predecessor = 0;
        }

        _ = Libc.Fcntl(found, Libc.F_SETFD, Libc.FD_CLOEXEC);
        stream = new SafeFileHandle(number, ownsHandle: true);
        return true;
    }

    private static bool TryParse(string text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
