using System.Runtime.InteropServices;

namespace ZeroDowntimeServer.Protocol;

/// <summary>What the server answers, before the payload, which is that of the request.</summary>
/// <param name="Sequence">That of the request.</param>
/// <param name="Counter">How many requests the server has answered in all its generations, this one included.</param>
/// <param name="Previous">What the cache held under the request's key; 0 for nothing.</param>
/// <param name="Length">The bytes of the payload that follow.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct ReplyHeader(ulong Sequence, ulong Counter, ulong Previous, ulong Length)
{
    public const int Size = 4 * sizeof(ulong);
}
