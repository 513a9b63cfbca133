namespace LiveUpdate.Machine;

/// <summary>Shows that a NativeAOT program runs in the machine, and that the device is there.</summary>
internal static class StartCommand
{
    public static int Run(string[] args)
    {
        _ = args;
        bool isThere = File.Exists("/dev/liveupdate");
        Console.WriteLine($"Linux {Environment.OSVersion.Version}: /dev/liveupdate is {(isThere ? "there" : "absent")}");
        return isThere ? 0 : 1;
    }
}
