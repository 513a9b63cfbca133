namespace LiveUpdate.Samples.Luoctl.Json;

/// <summary>What <c>load</c> says.</summary>
internal sealed record LoadedJson(string Kernel, string? Initrd, string CommandLine)
{
    public static LoadedJson Of(KernelImage image) => new(image.Path, image.Initrd, image.CommandLine);
}
