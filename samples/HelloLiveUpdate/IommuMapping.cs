using System.Runtime.InteropServices;

namespace HelloLiveUpdate;

/// <summary>One mapping as it lies in preserved memory: what a device sees, and where that is in guest RAM.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct IommuMapping(ulong DeviceAddress, ulong GuestAddress, ulong Length);
