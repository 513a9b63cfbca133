namespace LiveUpdate.Machine.Contract;

/// <summary>Runs the contract on the real device: the steps before the kexec, or what must be found after it.</summary>
internal static class ContractCommand
{
    /// <summary>The first argument is the stage; after the first the program stays alive, with its sessions, until the kexec.</summary>
    public static int Run(string[] args)
    {
        bool isBefore = args[0] == "1";
        var world = new KernelWorld();
        int passed = 0, failed = 0;
        foreach (ContractStep step in ContractTable.Steps)
        {
            if ((isBefore ? step.Before : step.After) is not { } action)
                continue;
            try
            {
                action(world);
                Console.WriteLine($"{step.Name}{(isBefore ? "" : ", after the kexec")}: passed");
                passed++;
            }
            catch (Exception exception)
            {
                Console.WriteLine($"{step.Name}: FAILED: {exception}");
                failed++;
            }
        }

        Console.WriteLine($"CONTRACT stage {args[0]}: {passed} passed, {failed} failed");
        if (isBefore && failed == 0)
            Thread.Sleep(Timeout.Infinite);
        return failed == 0 ? 0 : 1;
    }
}
