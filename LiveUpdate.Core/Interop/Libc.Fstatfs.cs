using System.Runtime.InteropServices;

namespace LiveUpdate.Interop;

internal static partial class Libc
{
    internal const long TMPFS_MAGIC = 0x01021994;
    internal const long HUGETLBFS_MAGIC = 0x958458f6;
    internal const long ANON_INODE_FS_MAGIC = 0x09041934;

    [LibraryImport(Library, EntryPoint = "fstatfs", SetLastError = true)]
    internal static partial int Fstatfs(SafeHandle file, out StatfsBuffer buffer);

    /// <summary><c>struct statfs</c> of 64-bit systems; only its first field is of use here.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 120)]
    internal struct StatfsBuffer
    {
        [FieldOffset(0)]
        public long Type;
    }
}
