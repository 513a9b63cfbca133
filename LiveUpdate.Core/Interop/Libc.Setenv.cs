using System.Runtime.InteropServices;

namespace LiveUpdate.Interop;

internal static partial class Libc
{
    /// <summary>For the environment of the C library, of which the runtime's own is a copy.</summary>
    [LibraryImport(Library, EntryPoint = "setenv", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Setenv(string name, string value, int overwrite);
}
