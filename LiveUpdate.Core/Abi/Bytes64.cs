using System.Runtime.CompilerServices;

namespace LiveUpdate.Abi;

/// <summary>The name of a session (reference 2.4, 3.1). At most 63 bytes and a NUL.</summary>
/// <remarks>Converts to a span, as every inline array does. Bytes after the first NUL carry no meaning (reference A-05).</remarks>
[InlineArray(64)]
public struct Bytes64
{
    private byte _element0;
}
