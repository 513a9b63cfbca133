using LiveUpdate.Samples.ScenarioRunner;

// Runs a scenario file on the managed device, stage by stage with in-process generations between them, and prints the trace.
if (args is not [var path])
{
    Console.Error.WriteLine("usage: ScenarioRunner FILE.ops");
    return 2;
}

if (!OperatingSystem.IsLinux())
{
    Console.Error.WriteLine("ScenarioRunner needs Linux: its scenarios are about memfds.");
    return 2;
}

try
{
    ScenarioFile file = ScenarioFile.Read(path);
    ScenarioRun.Execute(file, Console.Out);
    return 0;
}
catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or FormatException)
{
    Console.Error.WriteLine($"ScenarioRunner: {exception.Message}");
    return 1;
}
