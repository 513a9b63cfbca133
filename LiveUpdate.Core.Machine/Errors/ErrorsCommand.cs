namespace LiveUpdate.Machine.Errors;

/// <summary>Makes the kernel answer every errno that it can be made to answer, and checks what the client makes of it.</summary>
internal static class ErrorsCommand
{
    public static int Run(string[] args)
    {
        Limits.Raise();
        switch (args)
        {
            case ["absent"]:
                ErrorReport.Client(LiveUpdateError.NoDevice, "open device", null, null, () => KernelDevice.Open());
                return 0;
            case ["user"]:
                UserErrors.Provoke();
                return 0;
            case ["full-system"]:
                UserErrors.ProvokeFullSystem();
                return 0;
            case ["outgoing"]:
                OutgoingErrors.Provoke();
                return 0;
            case ["preserve"]:
                IncomingErrors.Preserve();
                Console.WriteLine("HELD for the kexec");
                Thread.Sleep(Timeout.Infinite);
                return 0;
            case ["incoming"]:
                IncomingErrors.Provoke();
                return 0;
            case ["broken"]:
                IncomingErrors.ProvokeBrokenHandover();
                return 0;
            default:
                return 2;
        }
    }
}
