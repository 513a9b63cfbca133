using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Kernel;

/// <summary>Images of kernels in a temporary file, which goes with it.</summary>
internal sealed class KernelImageFile : IDisposable
{
    private KernelImageFile(ReadOnlySpan<byte> bytes) => File.WriteAllBytes(Path, bytes);

    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), System.IO.Path.GetRandomFileName());

    public static KernelImageFile Of(ReadOnlySpan<byte> bytes) => new(bytes);

    /// <summary>A bzImage around a packed payload of the fixtures, as the boot protocol of x86 lays it out.</summary>
    public static KernelImageFile BzImage(string compression, Action<byte[]>? damage = null) => BzImage(Payload(compression), damage);

    public static KernelImageFile BzImage(ReadOnlySpan<byte> payload, Action<byte[]>? damage = null)
    {
        byte[] image = KernelImageBytes.BzImage(payload);
        damage?.Invoke(image);
        return new KernelImageFile(image);
    }

    public static byte[] Payload(string compression) =>
        File.ReadAllBytes(System.IO.Path.Combine(Repository.Root, "LiveUpdate.Core.Tests", "Fixtures", "kernel-payloads", compression));

    public void Dispose() => File.Delete(Path);
}
