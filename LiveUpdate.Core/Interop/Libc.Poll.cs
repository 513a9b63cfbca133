using System.Runtime.InteropServices;

namespace LiveUpdate.Interop;

internal static partial class Libc
{
    internal const short POLLIN = 0x0001;
    internal const short POLLOUT = 0x0004;
    internal const short POLLERR = 0x0008;
    internal const short POLLHUP = 0x0010;
    internal const short POLLRDHUP = 0x2000;

    [LibraryImport(Library, EntryPoint = "poll", SetLastError = true)]
    internal static partial int Poll(ref PollEntry entries, nuint count, int milliseconds);

    /// <summary><c>struct pollfd</c>; an entry with a negative descriptor is passed over.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct PollEntry
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }
}
