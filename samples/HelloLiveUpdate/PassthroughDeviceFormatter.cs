using LiveUpdate;
using MessagePack;

namespace HelloLiveUpdate;

/// <summary>Version 1 of a device's state.</summary>
internal sealed class PassthroughDeviceFormatter : IStateFormatter<PassthroughDevice>
{
    public static readonly PassthroughDeviceFormatter Instance = new();

    public int Version => 1;

    public void Serialize(ref MessagePackWriter writer, PassthroughDevice value)
    {
        writer.Write(value.Name);
        writer.Write(value.Queue);
        writer.Write(value.Interrupts);
    }

    public PassthroughDevice Deserialize(ref MessagePackReader reader, int version)
    {
        string name = reader.ReadString() ?? throw new MessagePackSerializationException("A device has a name.");
        return new PassthroughDevice(name, reader.ReadUInt32()) { Interrupts = reader.ReadInt64() };
    }
}
