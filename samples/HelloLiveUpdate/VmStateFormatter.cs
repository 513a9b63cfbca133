using LiveUpdate;
using MessagePack;

namespace HelloLiveUpdate;

/// <summary>Version 1 of the machine's state.</summary>
internal sealed class VmStateFormatter : IStateFormatter<VmState>
{
    public static readonly VmStateFormatter Instance = new();

    public int Version => 1;

    public void Serialize(ref MessagePackWriter writer, VmState value)
    {
        writer.Write(value.Name);
        writer.WriteArrayHeader(value.Vcpus.Length);
        foreach (Vcpu vcpu in value.Vcpus)
            vcpu.Write(ref writer);
        writer.Write(value.Expected.Ram);
        writer.Write(value.Expected.Vcpus);
        writer.Write(value.Expected.Devices);
        writer.Write(value.Expected.Iommu);
        writer.Write(value.PreserveStarted);
        writer.Write(value.PreserveEnded);
    }

    public VmState Deserialize(ref MessagePackReader reader, int version)
    {
        string name = reader.ReadString() ?? throw new MessagePackSerializationException("A machine has a name.");
        var vcpus = new Vcpu[reader.ReadArrayHeader()];
        for (int i = 0; i < vcpus.Length; i++)
            vcpus[i] = Vcpu.Read(ref reader);
        return new VmState
        {
            Name = name,
            Vcpus = vcpus,
            Expected = new Checksums(reader.ReadUInt64(), reader.ReadUInt64(), reader.ReadUInt64(), reader.ReadUInt64()),
            PreserveStarted = reader.ReadInt64(),
            PreserveEnded = reader.ReadInt64(),
        };
    }
}
