using System.Buffers.Binary;
using System.Runtime.InteropServices;
using LiveUpdate.Abi;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Machine.Errors;

/// <summary>Requests that the client never makes.</summary>
internal static partial class RawRequest
{
    private const int ArgumentSize = 128;

    /// <summary>A request with a size in front and other bytes behind it.</summary>
    public static LiveUpdateError Send(SafeFileHandle file, uint request, int size, byte fill = 0)
    {
        byte[] argument = new byte[ArgumentSize];
        argument.AsSpan().Fill(fill);
        BinaryPrimitives.WriteInt32LittleEndian(argument, size);
        return KernelRequests.Send(file, request, argument);
    }

    /// <summary>A request whose argument lies where no memory is.</summary>
    public static LiveUpdateError SendNowhere(SafeFileHandle file, uint request) =>
        Ioctl(file, request, nint.Zero) == 0 ? LiveUpdateError.None : (LiveUpdateError)Marshal.GetLastPInvokeError();

    /// <summary>A name of 64 bytes without a NUL.</summary>
    public static LiveUpdateError CreateUnterminated(SafeFileHandle device) =>
        Send(device, LiveUpdateIoctl.CreateSession, Marshal.SizeOf<SessionNameArgs>(), (byte)'X');

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Ioctl(SafeHandle file, nuint request, nint argument);
}
