using System.Runtime.CompilerServices;

namespace LiveUpdate.Abi;

/// <summary>The compatible string of a handler or FLB (reference 2.4, 2.5). At most 47 bytes and a NUL.</summary>
/// <remarks>Converts to a span, as every inline array does. Bytes after the first NUL carry no meaning (reference A-05).</remarks>
[InlineArray(48)]
public struct Bytes48
{
    private byte _element0;
}
