using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.Versioning;

namespace LiveUpdate;

/// <summary>What the files under <c>/proc</c> and <c>/sys</c> say about the kernel that runs, as far as updates of it go.</summary>
/// <param name="root">The folder that they lie in: <c>/</c>, or a copy of another machine's.</param>
[SupportedOSPlatform("linux")]
internal sealed class RunningKernel(string root)
{
    // Reference 8.1 and 8.3: which release the versions between came with is not known.
    private static readonly Dictionary<string, string> s_byRelease = new(StringComparer.Ordinal)
    {
        ["6.19"] = "luo-v1",
        ["7.0"] = "luo-v1",
        ["7.3"] = "luo-v5",
    };

    /// <summary>The release, as <c>7.3.4</c>; null where there is no <c>/proc</c>.</summary>
    public string? Release => ReadText("proc/sys/kernel/osrelease");

    /// <summary>The command line it was booted with, in words.</summary>
    public string[] CommandLine => ReadText("proc/cmdline")?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];

    /// <summary>A file's only number; null if there is no such file, or something else in it, as <c>max</c>.</summary>
    public long? ReadNumber(string path) =>
        long.TryParse(ReadText(path), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) ? number : null;

    /// <summary>A small file's text without the white space around it; null if it is not there or may not be read.</summary>
    public string? ReadText(string path)
    {
        try
        {
            return File.ReadAllText(Path.Combine(root, path)).Trim();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The number of kibibytes that a line of <c>/proc/meminfo</c> has, in bytes.</summary>
    public long? ReadMemory(string name)
    {
        foreach (string line in ReadText("proc/meminfo")?.Split('\n') ?? [])
        {
            if (line.Split([':', ' '], StringSplitOptions.RemoveEmptyEntries) is [var key, var number, "kB"] && key == name)
                return long.Parse(number, NumberStyles.None, CultureInfo.InvariantCulture) << 10;
        }

        return null;
    }

    /// <summary>The versions of the formats in which it hands over; null if nothing says.</summary>
    public KernelAbi? FindAbi() => OfHandover() ?? OfInstalledImage() ?? OfRelease();

    // What was written for the next kernel is shown by debugfs, each entry as a file; the tree as well, while an image is loaded, and the one
    // that was received, which must have had the same version.
    private KernelAbi? OfHandover()
    {
        ImmutableArray<string> liveUpdate = Search("sys/kernel/debug/kho/out/sub_fdts/LUO")?.LiveUpdate ?? [];
        return liveUpdate.IsEmpty ? null : new KernelAbi(liveUpdate, (Search("sys/kernel/debug/kho/out/fdt") ?? Search("sys/kernel/debug/kho/in/fdt"))?.KexecHandover ?? [], []);
    }

    private KernelAbi? Search(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(Path.Combine(root, path));
            return KernelAbiSearch.Run(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private KernelAbi? OfInstalledImage()
    {
        try
        {
            return Release is { } release ? KernelAbi.OfImage(Path.Combine(root, "boot/vmlinuz-" + release)) : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            return null;
        }
    }

    private KernelAbi? OfRelease()
    {
        string[] parts = Release?.Split('.', '-') ?? [];
        return parts.Length >= 2 && s_byRelease.TryGetValue($"{parts[0]}.{parts[1]}", out string? version)
            ? new KernelAbi([version], [], [])
            : null;
    }
}
