using LiveUpdate.Samples.Rendering;

namespace LiveUpdate.Samples.Luoctl.Views;

/// <summary>Shows the kernel that was loaded.</summary>
internal static class LoadedView
{
    public static Page Of(KernelImage image) => new Page().Text("The next update starts this kernel.", Tone.Good).Facts(
        ("kernel", image.Path), ("initial RAM disk", image.Initrd ?? "none"), ("command line", image.CommandLine));
}
