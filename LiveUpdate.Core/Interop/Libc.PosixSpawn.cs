using System.Runtime.InteropServices;

namespace LiveUpdate.Interop;

// The opaque structs get more room than any C library for 64-bit Linux takes: 80 and 336 bytes in glibc, less in musl.
internal static partial class Libc
{
    internal const int SpawnStructRoom = 512;

    internal const short POSIX_SPAWN_SETSIGDEF = 0x04;
    internal const short POSIX_SPAWN_SETSIGMASK = 0x08;

    [LibraryImport(Library, EntryPoint = "posix_spawn", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int PosixSpawn(
        out int process, string path, Span<byte> actions, Span<byte> attributes, NativeStringArray arguments, NativeStringArray environment);

    [LibraryImport(Library, EntryPoint = "posix_spawn_file_actions_init")]
    internal static partial int SpawnActionsInit(Span<byte> actions);

    [LibraryImport(Library, EntryPoint = "posix_spawn_file_actions_destroy")]
    internal static partial int SpawnActionsDestroy(Span<byte> actions);

    [LibraryImport(Library, EntryPoint = "posix_spawn_file_actions_adddup2")]
    internal static partial int SpawnActionsAddDup2(Span<byte> actions, int from, int to);

    /// <summary>In glibc since 2.34.</summary>
    [LibraryImport(Library, EntryPoint = "posix_spawn_file_actions_addclosefrom_np")]
    internal static partial int SpawnActionsAddCloseFrom(Span<byte> actions, int first);

    [LibraryImport(Library, EntryPoint = "posix_spawnattr_init")]
    internal static partial int SpawnAttributesInit(Span<byte> attributes);

    [LibraryImport(Library, EntryPoint = "posix_spawnattr_destroy")]
    internal static partial int SpawnAttributesDestroy(Span<byte> attributes);

    [LibraryImport(Library, EntryPoint = "posix_spawnattr_setflags")]
    internal static partial int SpawnAttributesSetFlags(Span<byte> attributes, short flags);

    [LibraryImport(Library, EntryPoint = "posix_spawnattr_setsigmask")]
    internal static partial int SpawnAttributesSetSignalMask(Span<byte> attributes, in SignalSet mask);

    [LibraryImport(Library, EntryPoint = "posix_spawnattr_setsigdefault")]
    internal static partial int SpawnAttributesSetDefaultSignals(Span<byte> attributes, in SignalSet signals);

    /// <summary><c>sigset_t</c>: signal n is bit n - 1.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 128)]
    internal struct SignalSet
    {
        public ulong First64;
    }
}
