using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate;

/// <summary>A kernel that was loaded for a hand-over; disposing it unloads it.</summary>
[SupportedOSPlatform("linux")]
internal sealed class LoadedKernel : IDisposable
{
    private LoadedKernel()
    {
    }

    /// <summary>Loads a kernel with <c>kexec_file_load</c>, which is what preserves memory.</summary>
    /// <exception cref="LiveUpdateException">A file cannot be opened, or the kernel refuses: EPERM without CAP_SYS_BOOT, ENOEXEC no image.</exception>
    public static LoadedKernel Load(KernelImage image)
    {
        using SafeFileHandle kernel = Open(image.Path);
        using SafeFileHandle initrd = Open(image.Initrd ?? image.Path);
        byte[] commandLine = Encoding.UTF8.GetBytes(image.CommandLine + '\0');
        nuint flags = image.Initrd is null ? Libc.KEXEC_FILE_NO_INITRAMFS : 0;
        if (Libc.KexecFileLoad(kernel, initrd, commandLine, flags) != 0)
            throw Refusal.Create((LiveUpdateError)Marshal.GetLastPInvokeError(), "hand over", $"Loading the kernel {image.Path} failed.");
        return new LoadedKernel();
    }

    /// <inheritdoc/>
    public void Dispose() => _ = Libc.KexecFileUnload();

    private static SafeFileHandle Open(string path)
    {
        try
        {
            return File.OpenHandle(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LiveUpdateError error = exception switch
            {
                FileNotFoundException or DirectoryNotFoundException => LiveUpdateError.NotFound,
                UnauthorizedAccessException => LiveUpdateError.AccessDenied,
                IOException other when Errno.FromInputOutput(other) is var found and not LiveUpdateError.None => found,
                _ => LiveUpdateError.InputOutput,
            };
            throw Refusal.Create(error, "hand over", $"{path} cannot be opened: {exception.Message}", inner: exception);
        }
    }
}
