using System.Globalization;
using System.Runtime.Versioning;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Tests.Infrastructure;

/// <summary>A memfd of a test: a real descriptor with a name of its own, so that the ones that are open can be counted.</summary>
[SupportedOSPlatform("linux")]
internal sealed class TestMemfd
{
    private static int s_number;

    private readonly string _name =
        string.Create(CultureInfo.InvariantCulture, $"test-{Environment.ProcessId}-{Interlocked.Increment(ref s_number)}");

    public TestMemfd() => Handle = Libc.MemfdCreate(_name, Libc.MFD_CLOEXEC | Libc.MFD_ALLOW_SEALING);

    public SafeFileHandle Handle { get; }

    /// <summary>How many descriptors of this process lead to it.</summary>
    public int OpenDescriptors => Directory.EnumerateFiles("/proc/self/fd").Count(descriptor =>
        new FileInfo(descriptor).LinkTarget?.StartsWith($"/memfd:{_name} ", StringComparison.Ordinal) == true);

    public void Write(string text) => RandomAccess.Write(Handle, System.Text.Encoding.UTF8.GetBytes(text), 0);

    public static string Read(SafeFileHandle handle)
    {
        byte[] bytes = new byte[64];
        return System.Text.Encoding.UTF8.GetString(bytes, 0, RandomAccess.Read(handle, bytes, 0));
    }
}
