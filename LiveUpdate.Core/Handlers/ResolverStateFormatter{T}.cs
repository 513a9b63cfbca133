using System.Diagnostics.CodeAnalysis;
using MessagePack;

namespace LiveUpdate;

/// <summary>Writes and reads types that MessagePack's resolvers know, those with <c>[MessagePackObject]</c> among them.</summary>
/// <typeparam name="T">The type of state.</typeparam>
/// <remarks>
/// Versions are those of attributed types: members may be added under new keys, and none may change its meaning. Unlike a formatter written
/// by hand it may allocate at the freeze.
/// </remarks>
public sealed class ResolverStateFormatter<T> : IStateFormatter<T>
    where T : class
{
    private readonly MessagePackSerializerOptions _options;

    /// <summary>Makes a formatter.</summary>
    /// <param name="version">The version of what it writes, 0 or more.</param>
    /// <param name="options">
    /// The options; null for MessagePack's standard. Their security is raised to that for untrusted data if it is lower.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="version"/> is negative.</exception>
    [RequiresDynamicCode("MessagePack makes formatters for attributed types at run time; write an IStateFormatter<T> instead.")]
    [RequiresUnreferencedCode("MessagePack finds members by reflection; write an IStateFormatter<T> instead.")]
    public ResolverStateFormatter(int version, MessagePackSerializerOptions? options = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(version);
        Version = version;
        options ??= MessagePackSerializerOptions.Standard;
        _options = options.Security.HashCollisionResistant ? options : options.WithSecurity(MessagePackSecurity.UntrustedData);
    }

    /// <inheritdoc/>
    public int Version { get; }

    /// <inheritdoc/>
    public void Serialize(ref MessagePackWriter writer, T value) => MessagePackSerializer.Serialize(ref writer, value, _options);

    /// <inheritdoc/>
    public T Deserialize(ref MessagePackReader reader, int version) => MessagePackSerializer.Deserialize<T>(ref reader, _options);
}
