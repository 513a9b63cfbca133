using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Abi;
using LiveUpdate.Interop;

namespace LiveUpdate;

/// <summary>
/// Finds out what a descriptor is and which requests its kernel knows, without effect: by the order in which the kernel checks a request
/// (reference U-01 to U-06).
/// </summary>
/// <remarks>
/// A number that the kernel does not know is EINVAL (U-01); one that it knows in a request whose other bits are wrong is ENOTTY (U-03); a
/// descriptor of anything else answers ENOTTY to both. So neither errno alone says that a request is absent.
/// </remarks>
[SupportedOSPlatform("linux")]
internal static class KernelProbe
{
    private const byte UnknownNumber = 0x3F;
    private const uint Type = (uint)LiveUpdateIoctl.Type << LiveUpdateIoctl.TypeShift;
    private const int ArgumentSize = 128;

    /// <summary>The bits for "writes four bytes", which no request of the live update has.</summary>
    private const uint WrongBits = 0x4004_0000;

    /// <summary>Whether it is the control device.</summary>
    public static bool IsDevice(SafeHandle file) => IsLiveUpdate(file) && Knows(file, LiveUpdateIoctl.CreateSessionNumber);

    /// <summary>Whether it is a session.</summary>
    public static bool IsSession(SafeHandle file) => IsLiveUpdate(file) && Knows(file, LiveUpdateIoctl.PreserveFdNumber);

    /// <summary>Whether the kernel can be asked for a session's name (since Linux 7.2).</summary>
    public static bool HasGetName(SafeHandle session) => Knows(session, LiveUpdateIoctl.GetNameNumber);

    /// <summary>Which side a session is on; null where the kernel does not say (Linux 6.19).</summary>
    public static bool? IsIncoming(SafeHandle session)
    {
        // The kind is checked before the size (U-04): E2BIG comes only from a request that this kind of session takes.
        bool preserves = Ask(session, LiveUpdateIoctl.PreserveFd, ArgumentSize, fill: 1) == LiveUpdateError.TooBig;
        bool finishes = Ask(session, LiveUpdateIoctl.Finish, ArgumentSize, fill: 1) == LiveUpdateError.TooBig;
        return preserves == finishes ? null : finishes;
    }

    /// <summary>The name of a session as its descriptor shows it; null where <c>/proc</c> is not mounted.</summary>
    public static string? DisplayName(SafeHandle session)
    {
        string? text = DescriptorInfo.LinkText(session);
        int start = text?.IndexOf(LiveUpdateIoctl.SessionDisplayPrefix, StringComparison.Ordinal) ?? -1;
        return start < 0 ? null : text![(start + LiveUpdateIoctl.SessionDisplayPrefix.Length)..];
    }

    private static bool IsLiveUpdate(SafeHandle file) =>
        Ask(file, Type | UnknownNumber, sizeof(uint), fill: 0) == LiveUpdateError.InvalidArgument;

    private static bool Knows(SafeHandle file, byte number) =>
        Ask(file, Type | WrongBits | number, sizeof(uint), fill: 0) == LiveUpdateError.NotATypewriter;

    private static LiveUpdateError Ask(SafeHandle file, uint request, int size, byte fill)
    {
        Span<byte> argument = stackalloc byte[ArgumentSize];
        argument.Fill(fill);
        BinaryPrimitives.WriteInt32LittleEndian(argument, size);
        return KernelRequests.Send(file, request, argument);
    }
}
