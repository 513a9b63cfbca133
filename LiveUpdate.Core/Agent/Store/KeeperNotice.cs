using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Agent;

/// <summary>
/// What a keeper tells the agent that it starts, in an environment variable: the format's version, the descriptor of the socket, and its
/// inode.
/// </summary>
/// <remarks>A process that merely inherited the variable has another file behind the number.</remarks>
[SupportedOSPlatform("linux")]
internal static class KeeperNotice
{
    /// <summary>The name of the variable.</summary>
    public const string Variable = "LIVEUPDATE_AGENT_KEEPER";

    private const string Version = "v1";

    /// <summary>The value for a child.</summary>
    public static string ForChild(int descriptor, SafeHandle socket) =>
        string.Create(CultureInfo.InvariantCulture, $"{Version}:{descriptor}:{DescriptorInfo.Identify(socket).Inode}");

    /// <summary>Takes the socket over, close-on-exec; the variable is gone afterwards.</summary>
    /// <returns>The socket, owned by the caller; null if no keeper started this process.</returns>
    /// <exception cref="LiveUpdateException">EPROTO: the variable cannot be read.</exception>
    public static SafeFileHandle? Take()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } value)
            return null;
        Environment.SetEnvironmentVariable(Variable, null);
        _ = Libc.Unsetenv(Variable);
        if (value.Split(':') is not [Version, string numberText, string inodeText] ||
            !int.TryParse(numberText, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ||
            !ulong.TryParse(inodeText, NumberStyles.None, CultureInfo.InvariantCulture, out ulong inode))
        {
            throw new LiveUpdateException(
                LiveUpdateError.Protocol,
                $"{Variable} is \"{value}\", and should be {Version}, a descriptor and an inode, with colons between.");
        }

        // Not owned until it is known to be the socket: another file behind the number is somebody else's.
        using var found = new SafeFileHandle(number, ownsHandle: false);
        if (!DescriptorInfo.IsOpen(found) || DescriptorInfo.Identify(found).Inode != inode)
            return null;
        _ = Libc.Fcntl(found, Libc.F_SETFD, Libc.FD_CLOEXEC);
        return new SafeFileHandle(number, ownsHandle: true);
    }
}
