using MessagePack;

namespace LiveUpdate;

/// <summary>Writes and reads one type of state as MessagePack, for <see cref="StateHandler{T}"/>.</summary>
/// <typeparam name="T">The type of state.</typeparam>
/// <remarks>
/// One instance serves files of several sessions at the same time. What <see cref="Deserialize"/> reads comes from another generation and
/// is untrusted: a count is bounded by the bytes that are left, as the reader's own methods check, and a formatter that calls itself must
/// call <see cref="StateReaderExtensions.DepthStep"/> and take the step back with <c>reader.Depth--</c>.
/// </remarks>
public interface IStateFormatter<T>
    where T : class
{
    /// <summary>
    /// The version of what <see cref="Serialize"/> writes, 0 or more. It rises with every change that an older reader would not understand.
    /// </summary>
    int Version { get; }

    /// <summary>Writes a state. Called at the freeze: it should allocate nothing and must wait for nobody.</summary>
    /// <param name="writer">Where to write; flushed by the caller.</param>
    /// <param name="value">The state.</param>
    void Serialize(ref MessagePackWriter writer, T value);

    /// <summary>Reads a state.</summary>
    /// <param name="reader">Where to read. All of it must be read.</param>
    /// <param name="version">The version that was written, from 0 to <see cref="Version"/>.</param>
    /// <returns>The state; never null.</returns>
    /// <remarks>Any exception means that the state cannot be read; the caller wraps it.</remarks>
    T Deserialize(ref MessagePackReader reader, int version);
}
