using System.Runtime.InteropServices;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Benchmarks.Agent;

/// <summary>Memory files, as programs preserve them.</summary>
internal static class Memfd
{
    /// <summary>Makes one of a size, all zeros.</summary>
    /// <exception cref="IOException">The system refuses: as a rule no descriptor is free.</exception>
    public static SafeFileHandle Create(long size = 0)
    {
        SafeFileHandle file = Libc.MemfdCreate("benchmark", Libc.MFD_CLOEXEC | Libc.MFD_ALLOW_SEALING);
        return !file.IsInvalid && Libc.Ftruncate(file, (nint)size) == 0
            ? file
            : throw new IOException($"No memory file could be made: errno {Marshal.GetLastPInvokeError()}.");
    }

    /// <summary>Makes several empty ones.</summary>
    /// <exception cref="IOException">As for one.</exception>
    public static SafeFileHandle[] CreateMany(int count) => [.. Enumerable.Range(0, count).Select(static _ => Create())];

    /// <summary>Closes handles that are there.</summary>
    public static void CloseAll(IEnumerable<SafeFileHandle?> files)
    {
        foreach (SafeFileHandle? file in files)
            file?.Dispose();
    }
}
