using LiveUpdate.Interop;
using LiveUpdate.Machine.Contract;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Machine.Guards;

/// <summary>A memfd made with MFD_NOEXEC_SEAL comes back executable and sealed against writing (M-24): the client refuses or copies it.</summary>
internal static class NonExecutable
{
    public const int Sessions = 1;

    private const string Name = "noexec";
    private const string Text = "must not be executed";
    private const int PermissionBits = 0x1FF;

    public static void Preserve()
    {
        using var device = KernelDevice.Open();
        var session = (KernelSession)device.CreateSession(Name);
        SafeFileHandle raw = Make(), guarded = Make(), copied = Make();
        Expect.Equal(KernelRequests.Preserve(session.Descriptor, 1, raw), LiveUpdateError.None);
        LiveUpdateException refusal = Expect.Refused(LiveUpdateError.NotSupported, "preserve", Name, 2, () => session.Preserve(2, guarded));
        Console.WriteLine($"guarded: {refusal.Message}");
        Expect.Refused(LiveUpdateError.Exists, "preserve", Name, 1, () => session.Preserve(1, guarded));

        // The same session through a client that was told to copy.
        var options = new KernelDeviceOptions { CopyNonExecutableMemfds = true };
        var copying = KernelDevice.FromSessionDescriptor(session.DuplicateDescriptor(), options);
        Expect.Equal(copying.Name, Name);
        Expect.Equal(copying.IsIncoming, false);
        Memfd.Seek(copied, 5);
        Memfd.Seal(copied, Libc.F_SEAL_GROW);
        copying.Preserve(3, copied);
        Expect.Refused(LiveUpdateError.Exists, "preserve", Name, 3, () => copying.Preserve(3, copied));
    }

    public static void Retrieve()
    {
        using var device = KernelDevice.Open();
        using Session session = device.RetrieveSession(Name);
        using (var raw = session.Retrieve<SafeFileHandle>(1))
        {
            Expect.Equal(Memfd.Seals(raw), 0x3E);
            Expect.Equal(DescriptorInfo.Status(raw).Mode & PermissionBits, PermissionBits);
            Console.WriteLine("M-24 raw: made with MFD_NOEXEC_SEAL, it came back with mode 0777 and seals 0x3e");
        }

        Expect.Equal(session.TryRetrieve<SafeFileHandle>(2, out _), false);
        using (var copy = session.Retrieve<SafeFileHandle>(3))
        {
            Expect.Equal(Memfd.Seals(copy), Libc.F_SEAL_GROW);
            Expect.Equal(Memfd.Read(copy), Text);
            Expect.Equal(Memfd.Position(copy), 5);
            RandomAccess.Write(copy, "M"u8, 0);
        }

        Console.WriteLine("M-24 guarded: refused; copied by option: content, position and other seals intact, and writable");
        session.Finish();
    }

    private static SafeFileHandle Make() => Memfd.Create(Text, Libc.MFD_CLOEXEC | Libc.MFD_NOEXEC_SEAL);
}
