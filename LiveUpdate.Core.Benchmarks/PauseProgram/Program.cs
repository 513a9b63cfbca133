using System.Diagnostics;
using System.Globalization;
using System.Runtime.Versioning;
using LiveUpdate.Benchmarks.Pause;

[assembly: SupportedOSPlatform("linux")]

// PauseProgram successor|exec FILES RAM_MIB UPDATES
// PauseProgram copy RAM_MIB FILE
// One line an update, "NAME VALUE NAME VALUE …" in microseconds.
long started = Stopwatch.GetTimestamp();
switch (args)
{
    case [("successor" or "exec") and var way, var files, var ram, var updates]:
        new UpdatedProgram(started, Number(files), (long)Number(ram) << 20, (ulong)Number(updates), way == "exec").Run();
        return 0;
    case ["copy", var ram, var file]:
        CopiedRam.Run((long)Number(ram) << 20, file);
        return 0;
    default:
        Console.Error.WriteLine("PauseProgram successor|exec FILES RAM_MIB UPDATES, or PauseProgram copy RAM_MIB FILE");
        return 2;
}

static int Number(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
