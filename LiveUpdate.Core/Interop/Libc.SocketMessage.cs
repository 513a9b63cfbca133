using System.Runtime.InteropServices;

namespace LiveUpdate.Interop;

// What sendmsg and recvmsg share: the layouts of a message with its control part.
internal static partial class Libc
{
    internal const int SOL_SOCKET = 1;
    internal const int SCM_RIGHTS = 1;

    internal const int MSG_PEEK = 0x0002;
    internal const int MSG_CTRUNC = 0x0008;
    internal const int MSG_TRUNC = 0x0020;
    internal const int MSG_DONTWAIT = 0x0040;
    internal const int MSG_NOSIGNAL = 0x4000;
    internal const int MSG_CMSG_CLOEXEC = 0x4000_0000;

    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct IoVector
    {
        public byte* Base;
        public nuint Length;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct MessageHeader
    {
        public void* Name;
        public uint NameLength;
        public IoVector* Vectors;
        public nuint VectorCount;
        public byte* Control;
        public nuint ControlLength;
        public int Flags;
    }

    /// <summary>What stands before the data of each control message.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct ControlHeader
    {
        public nuint Length;
        public int Level;
        public int Type;
    }
}
