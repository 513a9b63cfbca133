using MessagePack;

namespace LiveUpdate.Tests.Handlers;

internal delegate void WriteState<T>(ref MessagePackWriter writer, T value);

internal delegate T ReadState<T>(ref MessagePackReader reader, int version);

/// <summary>A formatter made of two delegates.</summary>
internal sealed class DelegateFormatter<T>(WriteState<T> write, ReadState<T> read, int version = 0) : IStateFormatter<T>
    where T : class
{
    public int Version => version;

    public void Serialize(ref MessagePackWriter writer, T value) => write(ref writer, value);

    public T Deserialize(ref MessagePackReader reader, int version) => read(ref reader, version);
}
