using System.Runtime.InteropServices;
using LiveUpdate.Abi;
using LiveUpdate.Interop;
using LiveUpdate.Machine.Contract;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Machine.Errors;

/// <summary>What the kernel refuses before an update.</summary>
internal static class OutgoingErrors
{
    private const long TooManyPages = 1L << 44;
    private const long MoreThanMemory = 1L << 43;
    private const string Name = "errors";

    public static void Provoke()
    {
        Opening();
        using var device = KernelDevice.Open();
        ErrorReport.Client(LiveUpdateError.Busy, "open device", null, null, () => KernelDevice.Open());
        Creating(device);
        using Session session = device.CreateSession(Name);
        Preserving(device, session);
        Requests(device.Descriptor, ((KernelSession)session).Descriptor);
    }

    private static void Opening()
    {
        ErrorReport.Client(LiveUpdateError.NoDevice, "open device", null, null, () => KernelDevice.Open("/dev/no-such-device"));
        ErrorReport.Client(LiveUpdateError.NoDevice, "open device", null, null, () => KernelDevice.Open("/dev/null"));
        ErrorReport.Client(LiveUpdateError.TooManyFiles, "open device", null, null, () => Limits.WithoutDescriptors(() => KernelDevice.Open()));
        using SafeFileHandle file = Memfd.Create("no session");
        ErrorReport.Client(LiveUpdateError.NoDevice, "open device", null, null, () => KernelDevice.FromDescriptor(file));
        ErrorReport.Client(LiveUpdateError.InvalidArgument, "use session descriptor", null, null, () => KernelDevice.FromSessionDescriptor(file));
    }

    private static void Creating(KernelDevice device)
    {
        const string Operation = "create session";
        SessionName.TryCreate("elsewhere", out SessionName elsewhere);
        KernelRequests.CreateSession(device.Descriptor, elsewhere, out SafeFileHandle? other);
        using Session known = device.CreateSession("known");
        ErrorReport.Client(LiveUpdateError.InvalidArgument, Operation, "", null, () => device.CreateSession(""));
        ErrorReport.Raw(LiveUpdateError.InvalidArgument, RawRequest.CreateUnterminated(device.Descriptor), "create a session with a name of 64 bytes");
        ErrorReport.Client(LiveUpdateError.Exists, Operation, "known", null, () => device.CreateSession("known"));
        ErrorReport.Client(LiveUpdateError.Exists, Operation, "elsewhere", null, () => device.CreateSession("elsewhere"));
        ErrorReport.Client(
            LiveUpdateError.TooManyFiles, Operation, "one", null, () => Limits.WithoutDescriptors(() => device.CreateSession("one")));
        ErrorReport.Client(
            LiveUpdateError.TooManyFiles, Operation, "known", null, () => Limits.WithoutDescriptors(() => device.CreateSession("known")));
        other!.Dispose();
    }

    private static void Preserving(KernelDevice device, Session session)
    {
        const string Operation = "preserve";
        using SafeFileHandle file = Memfd.Create("preserved"), noExec = Memfd.Create("noexec", Libc.MFD_CLOEXEC | Libc.MFD_NOEXEC_SEAL);
        using SafeFileHandle huge = Memfd.Create(""), larger = Memfd.Create("");
        SafeFileHandle closed = Memfd.Create("");
        closed.Dispose();
        RandomAccess.SetLength(huge, TooManyPages + 1);
        RandomAccess.SetLength(larger, MoreThanMemory);
        session.Preserve(1, file);
        ErrorReport.Client(LiveUpdateError.Exists, Operation, Name, 1, () => session.Preserve(1, closed));
        ErrorReport.Client(LiveUpdateError.BadDescriptor, Operation, Name, 2, () => session.Preserve(2, closed));
        ErrorReport.Client(LiveUpdateError.NotFound, Operation, Name, 2, () => session.Preserve(2, device.Descriptor));
        ErrorReport.Client(LiveUpdateError.Busy, Operation, Name, 2, () => session.Preserve(2, file));
        ErrorReport.Client(LiveUpdateError.NotSupported, Operation, Name, 2, () => session.Preserve(2, noExec));
        ErrorReport.Client(LiveUpdateError.FileTooLarge, Operation, Name, 2, () => session.Preserve(2, huge));
        ErrorReport.Client(LiveUpdateError.OutOfMemory, Operation, Name, 2, () => session.Preserve(2, larger));

        // The size of a preserved memfd is frozen (M-16).
        int answer = Libc.Ftruncate(file, 1);
        ErrorReport.Raw(LiveUpdateError.NotPermitted, answer == 0 ? 0 : (LiveUpdateError)Marshal.GetLastPInvokeError(), "ftruncate of a preserved memfd");
        Console.WriteLine($"           in .NET: {Expect.Throws<UnauthorizedAccessException>(() => RandomAccess.SetLength(file, 1)).Message}");
        ErrorReport.Client(LiveUpdateError.InvalidArgument, "retrieve", Name, 1, () => session.Retrieve(1));
        ErrorReport.Client(LiveUpdateError.InvalidArgument, "finish", Name, null, session.Finish);
        ErrorReport.Client(LiveUpdateError.NotSupported, Operation, Name, 3, () => session.Preserve(3, file, "name"));
    }

    private static void Requests(SafeFileHandle device, SafeFileHandle session)
    {
        using SafeFileHandle file = Memfd.Create("file");
        int size = Marshal.SizeOf<PreserveFdArgs>();
        ErrorReport.Raw(LiveUpdateError.TooBig, RawRequest.Send(session, LiveUpdateIoctl.PreserveFd, size + 8, fill: 1), "a byte beyond what is known");
        ErrorReport.Raw(LiveUpdateError.InvalidArgument, RawRequest.Send(session, LiveUpdateIoctl.PreserveFd, size - 1), "a size that is too small");
        ErrorReport.Raw(LiveUpdateError.InvalidArgument, RawRequest.Send(session, LiveUpdateIoctl.CreateSession, 72), "a device's request to a session");
        ErrorReport.Raw(LiveUpdateError.InvalidArgument, RawRequest.Send(device, LiveUpdateIoctl.CreateSession + 2, 72), "an unknown number");
        ErrorReport.Raw(LiveUpdateError.InvalidArgument, RawRequest.Send(session, LiveUpdateIoctl.GetName, 72, fill: 1), "a reserved field");
        ErrorReport.Raw(LiveUpdateError.NotATypewriter, RawRequest.Send(device, LiveUpdateIoctl.CreateSession + 0x100, 72), "another type with a known number");
        ErrorReport.Raw(LiveUpdateError.NotATypewriter, RawRequest.Send(file, LiveUpdateIoctl.CreateSession, 72), "a memfd, which has no such request");
        ErrorReport.Raw(LiveUpdateError.BadAddress, RawRequest.SendNowhere(device, LiveUpdateIoctl.CreateSession), "an argument where no memory is");
    }
}
