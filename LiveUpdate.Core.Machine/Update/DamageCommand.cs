using System.Text;

namespace LiveUpdate.Machine.Update;

/// <summary>
/// damage STAGE leave|find: leaves an update that is prepared, with bytes of the orchestrator's memory changed; finds it in the next kernel.
/// </summary>
internal static class DamageCommand
{
    public static int Run(string[] args)
    {
        int stage = args[0][0] - '0';
        return args[1] == "leave" ? Leave(stage) : stage == 2 ? FindBadBootRecord() : FindBadFile();
    }

    private static int Leave(int stage)
    {
        using var generation = new Generation(stage, Content.Small);
        Check.Equal(null, generation.Luo.PreviousUpdate, "the update before: a process that found damage ended, and so did its sessions");
        generation.Preserve();
        using PreparedUpdate prepared = generation.Luo.Prepare(HandoverTarget.Kernel(KexecBy.Caller));
        Span<byte> memory = generation.Luo.Memory.Memory.GetSpan(generation.Luo.Memory.Memory.Base, (int)generation.Luo.Memory.Memory.Length);
        if (stage == 1)
        {
            memory[32] ^= 0x10;
        }
        else
        {
            for (int at = memory.IndexOf("ledger-v1"u8); at >= 0; at = memory.IndexOf("ledger-v1"u8))
                Encoding.ASCII.GetBytes("ledgar-v1", memory[at..]);
        }

        Console.WriteLine($"PREPARED {prepared.Sessions.Count} sessions, damaged");
        Thread.Sleep(Timeout.Infinite);
        return 1;
    }

    private static int FindBadBootRecord()
    {
        for (int attempt = 1; attempt <= 2; attempt++)
        {
            try
            {
                using var generation = new Generation(2, Content.Small);
                throw new InvalidOperationException("The damage was not found.");
            }
            catch (LiveUpdateImageException exception)
            {
                Check.Equal("liveupdate-core", string.Join(", ", KernelDevice.ParkedSessions), "parked sessions");
                Console.WriteLine($"damage: attempt {attempt}: {exception.Message}; parked: {string.Join(", ", KernelDevice.ParkedSessions)}");
            }
        }

        return 0;
    }

    private static int FindBadFile()
    {
        using var generation = new Generation(3, Content.Small);
        for (int attempt = 1; attempt <= 2; attempt++)
        {
            LiveUpdateException refusal = Check.Refused(LiveUpdateError.InputOutput, () => _ = generation.Device, "a file of no handler's");
            Console.WriteLine($"damage: open {attempt}: {refusal.Message}");
        }

        return 0;
    }
}
