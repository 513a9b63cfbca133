using System.Diagnostics.CodeAnalysis;
using MessagePack;

namespace LiveUpdate;

/// <summary>Makes handlers for typed state.</summary>
public static class StateHandler
{
    /// <summary>Makes a handler for a type with <c>[MessagePackObject]</c>.</summary>
    /// <typeparam name="T">The type of state.</typeparam>
    /// <param name="compatible">The compatible string, 1 to 47 bytes of UTF-8.</param>
    /// <param name="version">The version of what is written, 0 or more.</param>
    /// <param name="reserveBytes">See <see cref="StateHandler{T}.ReserveBytes"/>.</param>
    /// <param name="options">See <see cref="ResolverStateFormatter{T}(int, MessagePackSerializerOptions)"/>.</param>
    /// <exception cref="ArgumentException">The compatible string or the version is not valid.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="reserveBytes"/> is not positive.</exception>
    [RequiresDynamicCode("MessagePack makes formatters for attributed types at run time; use StateHandler<T> with an IStateFormatter<T>.")]
    [RequiresUnreferencedCode("MessagePack finds members by reflection; use StateHandler<T> with an IStateFormatter<T>.")]
    public static StateHandler<T> ForAttributed<T>(
        string compatible, int version = 1, long? reserveBytes = null, MessagePackSerializerOptions? options = null)
        where T : class =>
        new(compatible, new ResolverStateFormatter<T>(version, options)) { ReserveBytes = reserveBytes };
}
