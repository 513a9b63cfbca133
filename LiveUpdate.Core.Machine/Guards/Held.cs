using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Machine.Guards;

/// <summary>Raw descriptors that must stay open until the kexec: nothing else keeps the collector from them.</summary>
internal static class Held
{
    private static readonly List<SafeFileHandle> s_descriptors = [];

    public static void Add(SafeFileHandle descriptor) => s_descriptors.Add(descriptor);
}
