namespace LiveUpdate.Interop;

// The seals of a memfd, and the commands of fcntl for them.
internal static partial class Libc
{
    internal const int F_ADD_SEALS = 1033;
    internal const int F_GET_SEALS = 1034;

    internal const int F_SEAL_SEAL = 0x0001;
    internal const int F_SEAL_SHRINK = 0x0002;
    internal const int F_SEAL_GROW = 0x0004;
    internal const int F_SEAL_WRITE = 0x0008;
    internal const int F_SEAL_FUTURE_WRITE = 0x0010;
    internal const int F_SEAL_EXEC = 0x0020;
}
