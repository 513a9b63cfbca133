using LiveUpdate;
using LiveUpdate.Samples.ScenarioRunner;

// Runs a scenario file on the managed device, or on an agent's, stage by stage with in-process generations between them, and prints the trace; or one
// stage of it on the real device, where the machine's kexec comes between the stages.
if (ScenarioArguments.Parse(args) is not { } arguments)
{
    Console.Error.WriteLine(ScenarioArguments.Usage);
    return 2;
}

if (!OperatingSystem.IsLinux())
{
    Console.Error.WriteLine("ScenarioRunner needs Linux: its scenarios are about memfds.");
    return 2;
}

try
{
    ScenarioFile file = ScenarioFile.Read(arguments.Path);
    if (arguments.Device == ScenarioDevice.Kernel)
        KernelRun.Execute(file, arguments.Stage, arguments.Hold, Console.Out);
    else
        ScenarioRun.Execute(file, arguments.Device, Console.Out);
    return 0;
}
catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or FormatException or LiveUpdateException)
{
    Console.Error.WriteLine($"ScenarioRunner: {exception.Message}");
    return 1;
}
