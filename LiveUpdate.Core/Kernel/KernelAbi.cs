using System.Collections.Immutable;
using System.Runtime.Versioning;

namespace LiveUpdate;

/// <summary>The versions of the formats in which a kernel hands over and takes over, each as it stands in memory, as <c>luo-v5</c>.</summary>
/// <remarks>
/// Versions do not mix (reference A-07): a kernel that finds a <c>LUO</c> entry of another version panics early in its boot. So the versions
/// of the running kernel and of the one that follows have to be compared before a kexec.
/// </remarks>
public sealed class KernelAbi
{
    internal KernelAbi(ImmutableArray<string> liveUpdate, ImmutableArray<string> kexecHandover, ImmutableArray<string> memfd) =>
        (LiveUpdate, KexecHandover, Memfd) = (liveUpdate, kexecHandover, memfd);

    /// <summary>Of the orchestrator (reference 2.2): empty if the kernel has none, more than one only if it knows several.</summary>
    public ImmutableArray<string> LiveUpdate { get; }

    /// <summary>Of the memory that is handed over (reference 2.8).</summary>
    public ImmutableArray<string> KexecHandover { get; }

    /// <summary>Of preserved memfds (reference 2.7).</summary>
    public ImmutableArray<string> Memfd { get; }

    /// <summary>Finds the versions in an image of a kernel, without booting it.</summary>
    /// <param name="path">
    /// A bzImage for x86 whose payload is compressed with gzip, bzip2, LZMA, xz, LZ4 or zstd, or not at all; a vmlinux; an Image for arm64,
    /// compressed as a whole or not.
    /// </param>
    /// <remarks>Reads the file once, with little memory beside the dictionary that its compression needs; at most 1 GiB unpacked.</remarks>
    /// <exception cref="ArgumentException"><paramref name="path"/> is null or empty.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    /// <exception cref="InvalidDataException">It is no image of a kernel, of a kind that is not known, or damaged.</exception>
    public static KernelAbi OfImage(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 16, FileOptions.SequentialScan);
        return OfStream(file, path);
    }

    /// <summary>As <see cref="OfImage(string)"/>, for an image that is open.</summary>
    internal static KernelAbi OfStream(Stream image, string name)
    {
        try
        {
            using Stream kernel = KernelImageFormat.Unpack(image);
            return KernelAbiSearch.Run(kernel);
        }
        catch (Exception exception) when (exception is not (IOException or UnauthorizedAccessException or OutOfMemoryException))
        {
            // The decompressors have exceptions of their own for what is damaged.
            string reason = exception is InvalidDataException ? exception.Message : $"its payload is damaged: {exception.Message}";
            throw new InvalidDataException($"{name}: {reason}", exception);
        }
    }

    /// <summary>The versions of the kernel that runs.</summary>
    /// <returns>
    /// What it wrote for the next kernel, where debugfs is mounted and may be read; else what its image under <c>/boot</c> says; else what
    /// is known of its release; null if none of them says anything.
    /// </returns>
    [SupportedOSPlatform("linux")]
    public static KernelAbi? OfRunningKernel() => new RunningKernel("/").FindAbi();

    /// <summary>The versions in a line, as <c>luo-v5 kho-v4 memfd-v2</c>.</summary>
    public override string ToString() => string.Join(' ', LiveUpdate.AsEnumerable().Concat(KexecHandover).Concat(Memfd));
}
