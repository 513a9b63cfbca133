using System.Runtime.InteropServices;

namespace LiveUpdate.Abi;

/// <summary>One slot of the library's own table of descriptors that travel beside preserved memory, 32 bytes.</summary>
/// <remarks>
/// <code>
/// off  size  field
///   0     4  descriptor  number in the process that hands over; of a slot in a kernel's session, the number of that session
///   4     4  state       0 free, 1 in use, 2 in a session of the kernel's
///   8     8  device      st_dev of the file
///  16     8  inode       st_ino of the file
///  24     8  token       the kernel's token of a slot in a session of its; else 0
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 1, Size = Size)]
public struct DescriptorSlotSer
{
    /// <summary>The size of the record in bytes.</summary>
    public const int Size = 32;

    /// <summary><see cref="State"/> of a slot that holds a descriptor.</summary>
    public const uint InUse = 1;

    /// <summary><see cref="State"/> of a slot whose descriptor travels in a session of the kernel's.</summary>
    public const uint InKernelSession = 2;

    /// <summary>The descriptor's number in the process that hands over, or that of the kernel's session.</summary>
    public int Descriptor;

    /// <summary>0 for a free slot, <see cref="InUse"/> or <see cref="InKernelSession"/> for one that holds a descriptor.</summary>
    public uint State;

    /// <summary>The device of the file; another one behind a kernel.</summary>
    public ulong Device;

    /// <summary>The inode of the file; another one behind a kernel.</summary>
    public ulong Inode;

    /// <summary>The token under which the kernel's session has it.</summary>
    public ulong Token;
}
