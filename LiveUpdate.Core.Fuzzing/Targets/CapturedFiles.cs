namespace LiveUpdate.Fuzzing.Targets;

/// <summary>What real kernels wrote, as it lies beside this program.</summary>
internal static class CapturedFiles
{
    private static readonly string s_root = Path.Combine(AppContext.BaseDirectory, "Fixtures");

    /// <summary>The hand-overs that were captured.</summary>
    public static IReadOnlyList<string> Images => ["three-sessions", "mixed-sessions"];

    /// <summary>The device tree of a hand-over.</summary>
    public static byte[] DeviceTree(string image) => File.ReadAllBytes(Path.Combine(s_root, "images", image, "fdt.bin"));

    /// <summary>Its pages, packed.</summary>
    public static byte[] Pages(string image) => File.ReadAllBytes(Path.Combine(s_root, "images", image, "pages.bin.gz"));

    /// <summary>The payload of a kernel, packed in one of the ways that there are.</summary>
    public static IEnumerable<byte[]> KernelPayloads =>
        Directory.EnumerateFiles(Path.Combine(s_root, "kernel-payloads")).Order(StringComparer.Ordinal).Select(File.ReadAllBytes);
}
