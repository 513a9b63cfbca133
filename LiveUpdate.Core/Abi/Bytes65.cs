using System.Runtime.CompilerServices;

namespace LiveUpdate.Abi;

/// <summary>The release string of a kernel (reference 2.10). At most 64 bytes and a NUL.</summary>
/// <remarks>Converts to a span, as every inline array does. Bytes after the first NUL carry no meaning (reference A-05).</remarks>
[InlineArray(65)]
public struct Bytes65
{
    private byte _element0;
}
