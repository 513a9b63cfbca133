using System.IO.Hashing;
using System.Text;

namespace HelloLiveUpdate;

/// <summary>A device that the guest drives itself, through the IOMMU.</summary>
internal sealed class PassthroughDevice(string name, uint queue)
{
    public string Name { get; } = name;

    public uint Queue { get; } = queue;

    public long Interrupts { get; set; }

    public static ulong ComputeChecksum(IEnumerable<PassthroughDevice> devices)
    {
        var hash = new XxHash3();
        foreach (PassthroughDevice device in devices)
            hash.Append(Encoding.UTF8.GetBytes($"{device.Name} {device.Queue} {device.Interrupts}\n"));
        return hash.GetCurrentHashAsUInt64();
    }
}
