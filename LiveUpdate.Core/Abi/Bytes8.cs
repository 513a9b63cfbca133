using System.Runtime.CompilerServices;

namespace LiveUpdate.Abi;

/// <summary>The compatible string of the root record (reference 2.2). At most 7 bytes and a NUL.</summary>
/// <remarks>Converts to a span, as every inline array does. Bytes after the first NUL carry no meaning (reference A-05).</remarks>
[InlineArray(8)]
public struct Bytes8
{
    private byte _element0;
}
