namespace LiveUpdate;

/// <summary>A kernel to be loaded for the kexec.</summary>
public sealed class KernelImage
{
    /// <summary>The path of the image, a <c>bzImage</c> on x86-64.</summary>
    public required string Path { get; init; }

    /// <summary>The path of the initial RAM disk; null for none.</summary>
    public string? Initrd { get; init; }

    /// <summary>
    /// The kernel's command line. It must say <c>liveupdate=on</c>, and <c>kho=on</c> where that is not the default, or everything that is
    /// handed over is lost.
    /// </summary>
    public required string CommandLine { get; init; }
}
