using System.Runtime.InteropServices;

namespace ZeroDowntimeServer.Serving;

/// <summary>One place of the cache as it lies in the memfd; a key of 0 marks a free one.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CacheSlot
{
    public ulong Key;
    public ulong Value;
}
