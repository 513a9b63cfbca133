using System.Runtime.Versioning;

namespace LiveUpdate;

/// <summary>The memory limits of the control groups that this process is in.</summary>
[SupportedOSPlatform("linux")]
internal static class ControlGroup
{
    /// <summary>How many bytes more the tightest of them lets it use; null where none has a limit, or the first hierarchy is not mounted.</summary>
    public static long? Available(RunningKernel kernel)
    {
        const string Unified = "0::/";
        string? path = kernel.ReadText("proc/self/cgroup")?.Split('\n')
            .FirstOrDefault(static line => line.StartsWith(Unified, StringComparison.Ordinal))?[Unified.Length..];
        long? least = null;
        while (path is not null)
        {
            string folder = Path.Combine("sys/fs/cgroup", path);
            if (kernel.ReadNumber(Path.Combine(folder, "memory.max")) is { } max)
                least = Math.Min(least ?? long.MaxValue, Math.Max(0, max - (kernel.ReadNumber(Path.Combine(folder, "memory.current")) ?? 0)));
            path = path.Length == 0 ? null : Path.GetDirectoryName(path) ?? "";
        }

        return least;
    }
}
