using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace LiveUpdate.Serialization;

/// <summary>Checks of the spans that callers of this folder pass.</summary>
internal static class Require
{
    /// <summary>Throws if a span has fewer bytes than a record needs.</summary>
    /// <param name="length">The bytes there are.</param>
    /// <param name="needed">The bytes there must be.</param>
    /// <param name="parameter">The name of the parameter.</param>
    /// <exception cref="ArgumentException"><paramref name="length"/> is below <paramref name="needed"/>.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AtLeast(int length, int needed, string parameter)
    {
        if (length < needed)
            ThrowTooShort(length, needed, parameter);
    }

    [DoesNotReturn]
    private static void ThrowTooShort(int length, int needed, string parameter) =>
        throw new ArgumentException($"The span has {length} bytes and {needed} are needed.", parameter);
}
