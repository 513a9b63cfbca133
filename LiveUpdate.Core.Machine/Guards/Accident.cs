using LiveUpdate.Machine.Contract;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Machine.Guards;

/// <summary>A holder that closes an incoming session by accident discards what was not retrieved (S-21): the client parks it.</summary>
internal static class Accident
{
    public const int Sessions = 3;

    private const string Raw = "accident-raw";
    private const string Guarded = "accident-guarded";
    private const string Forgotten = "accident-forgotten";

    public static void Preserve()
    {
        using var device = KernelDevice.Open();
        foreach (string name in new[] { Raw, Guarded, Forgotten })
        {
            using SafeFileHandle file = Memfd.Create(name);
            device.CreateSession(name).Preserve(1, file);
        }
    }

    /// <summary>A process of its own, which leaves a session to its end.</summary>
    public static void Forget()
    {
        using var device = KernelDevice.Open();
        device.RetrieveSession(Forgotten).Dispose();
        Expect.Equal(KernelDevice.ParkedSessions.Single(), Forgotten);
    }

    public static void Retrieve()
    {
        using (var device = KernelDevice.Open())
        {
            SessionName.TryCreate(Raw, out SessionName raw);
            Expect.Equal(KernelRequests.RetrieveSession(device.Descriptor, raw, out SafeFileHandle? descriptor), LiveUpdateError.None);
            descriptor!.Dispose();
            Console.WriteLine("S-21 raw: closed without finish, and then: " +
                Expect.Refused(LiveUpdateError.NotFound, "retrieve session", Raw, null, () => device.RetrieveSession(Raw)).Message);
            device.RetrieveSession(Guarded).Dispose();
        }

        using var later = KernelDevice.Open();
        using (Session again = later.RetrieveSession(Guarded))
        {
            Expect.Equal(Memfd.Read(again, 1), Guarded);
            again.Finish();
        }

        Expect.Equal(KernelDevice.ParkedSessions.Count, 0);
        Console.WriteLine("S-21 guarded: disposed without finish, retrieved again through another device, its file intact");
        Expect.Refused(LiveUpdateError.NotFound, "retrieve session", Forgotten, null, () => later.RetrieveSession(Forgotten));
        Console.WriteLine("S-21: the end of the process that had parked a session finished it, as documented");
    }
}
