using System.Runtime.InteropServices;

namespace ZeroDowntimeServer.Protocol;

/// <summary>What a client sends, before the payload: both ends are this program, so the bytes are those of the struct.</summary>
/// <param name="Sequence">1 for the first request of a connection, and one more for each that follows.</param>
/// <param name="Key">Where the server's cache is to keep <paramref name="Value"/>; never 0.</param>
/// <param name="Value">Kept in the cache until the key is used again.</param>
/// <param name="Length">The bytes of the payload that follow.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct RequestHeader(ulong Sequence, ulong Key, ulong Value, ulong Length)
{
    public const int Size = 4 * sizeof(ulong);

    public const int MaxPayload = 8 << 10;
}
