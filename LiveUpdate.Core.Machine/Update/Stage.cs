using System.Globalization;

namespace LiveUpdate.Machine.Update;

/// <summary>The machine's kernels: when this one started its first process, and what to load for the next.</summary>
internal static class Stage
{
    private const int TicksPerSecond = 100;
    private const int StartTimeField = 19;

    /// <summary>How long ago the first process started, to a hundredth of a second.</summary>
    public static TimeSpan SinceUserspace()
    {
        // The name of the program, in parentheses, may hold anything; the fields behind it are numbers.
        string[] fields = File.ReadAllText("/proc/1/stat").Split(") ")[^1].Split(' ');
        double started = double.Parse(fields[StartTimeField], CultureInfo.InvariantCulture) / TicksPerSecond;
        double now = double.Parse(File.ReadAllText("/proc/uptime").Split(' ')[0], CultureInfo.InvariantCulture);
        return TimeSpan.FromSeconds(now - started);
    }

    /// <summary>The next stage's kernel, as the first process loads it.</summary>
    public static KernelImage NextKernel(int stage) => new()
    {
        Path = "/next/kernel",
        Initrd = "/next/initrd",
        CommandLine = $"{File.ReadAllText("/proc/cmdline").Trim().Split(" luo_stage=")[0]} luo_stage={stage + 1}",
    };
}
