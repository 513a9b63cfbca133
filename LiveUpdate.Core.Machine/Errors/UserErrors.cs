using System.Globalization;
using LiveUpdate.Machine.Contract;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Machine.Errors;

/// <summary>What an ordinary user meets, who may not open the device but was given its descriptor.</summary>
internal static class UserErrors
{
    private const uint User = 65534;
    private const int FewFiles = 10;

    /// <summary>The kernel counts open files per processor, and looks only when there are this many or so.</summary>
    private const int ManyFiles = 500;

    private const string MaximumFiles = "/proc/sys/fs/file-max";

    public static void Provoke()
    {
        using var device = KernelDevice.Open();
        using SafeFileHandle given = device.DuplicateDescriptor();
        Limits.BecomeUser(User);
        ErrorReport.Client(LiveUpdateError.AccessDenied, "open device", null, null, () => KernelDevice.Open());
        using var adopted = KernelDevice.FromDescriptor(given);
        using Session session = adopted.CreateSession("user");
        Expect.Equal(session.Name, "user");
        Console.WriteLine("           the same user makes a session through a descriptor that was given");
    }

    /// <summary>With the system's table of files full, which stops everybody but root. Whoever calls restores the limit.</summary>
    public static void ProvokeFullSystem()
    {
        using var device = KernelDevice.Open();
        SafeFileHandle[] files = [.. Enumerable.Range(0, ManyFiles).Select(_ => Memfd.Create(""))];

        // The first line to the console opens files.
        Console.WriteLine($"           an ordinary user, where the system may have {FewFiles} files");
        File.WriteAllText(MaximumFiles, FewFiles.ToString(CultureInfo.InvariantCulture));
        Limits.BecomeUser(User);
        ErrorReport.Client(LiveUpdateError.TooManyFilesInSystem, "create session", "full", null, () => device.CreateSession("full"));
        foreach (SafeFileHandle file in files)
            file.Dispose();
    }
}
