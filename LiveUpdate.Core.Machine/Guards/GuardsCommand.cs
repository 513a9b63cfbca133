using LiveUpdate.Machine.Contract;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Machine.Guards;

/// <summary>
/// The kernel's traps (reference 4.12), by the same steps without and with the client's guards: what a raw request does, and what the
/// client does.
/// </summary>
internal static class GuardsCommand
{
    /// <summary>With a multiple of as many sessions, room for one more is a block of its own (S-05).</summary>
    private const int SessionsInBlock = 51;

    private const string Twin = "twin";
    private const string Filler = "filler";

    /// <summary><c>1 raw</c> or <c>1 guarded</c> before the kexec; <c>2</c> and <c>forget</c> after it.</summary>
    public static int Run(string[] args)
    {
        switch (args)
        {
            case ["1", "raw"]:
                FillBlock(isGuarded: false);
                break;
            case ["1", "guarded"]:
                NonExecutable.Preserve();
                Accident.Preserve();
                FillBlock(isGuarded: true);
                break;
            case ["forget"]:
                Accident.Forget();
                return 0;
            case ["2"]:
                CountSessions();
                NonExecutable.Retrieve();
                Accident.Retrieve();
                Console.WriteLine("GUARDS stage 2 done");
                return 0;
            default:
                return 2;
        }

        Console.WriteLine("GUARDS stage 1 done");
        Thread.Sleep(Timeout.Infinite);
        return 0;
    }

    /// <summary>Makes 51 sessions in all, and asks for one more of a name that the kernel refuses.</summary>
    private static void FillBlock(bool isGuarded)
    {
        using var device = KernelDevice.Open();
        int made = isGuarded ? NonExecutable.Sessions + Accident.Sessions : 0;
        for (; made < SessionsInBlock - 1; made++)
            device.CreateSession($"{Filler}-{made}");

        // The client does not know this one, as it would not know one of another process.
        Expect.Equal(KernelRequests.CreateSession(device.Descriptor, Name(Twin), out SafeFileHandle? twin), LiveUpdateError.None);
        Held.Add(twin!);
        if (isGuarded)
        {
            Expect.Refused(LiveUpdateError.Exists, "create session", $"{Filler}-{made - 1}", null, () => device.CreateSession($"{Filler}-{made - 1}"));
            LiveUpdateException refusal = Expect.Refused(LiveUpdateError.Exists, "create session", Twin, null, () => device.CreateSession(Twin));
            Console.WriteLine($"guarded: {refusal.Message}");
        }
        else
        {
            LiveUpdateError error = KernelRequests.CreateSession(device.Descriptor, Name(Twin), out _);
            Expect.Equal(error, LiveUpdateError.Exists);
            Console.WriteLine($"raw: the duplicate is {error.ToErrnoName()}, and the empty block goes to the next kernel");
        }
    }

    private static void CountSessions()
    {
        using var device = KernelDevice.Open();
        int found = 0;
        for (int i = 0; i < SessionsInBlock; i++)
        {
            if (!device.TryRetrieveSession($"{Filler}-{i}", out Session? session))
                continue;
            session.Close();
            found++;
        }

        device.RetrieveSession(Twin).Close();
        found += 1 + NonExecutable.Sessions + Accident.Sessions;
        Expect.Equal(found, SessionsInBlock);
        Console.WriteLine($"S-06 guarded: {found} sessions and refused duplicates before the kexec, {found} sessions after it");
    }

    private static SessionName Name(string text) =>
        SessionName.TryCreate(text, out SessionName name) ? name : throw new ArgumentException(text);
}
