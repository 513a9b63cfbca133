using MemoryPack;
using MessagePack;

namespace LiveUpdate.Benchmarks;

/// <summary>What a file's record says, as a general serializer sees it.</summary>
[MessagePackObject]
[MemoryPackable]
public partial struct PeerRecord
{
    [Key(0)]
    public string Compatible { get; set; }

    [Key(1)]
    public ulong Data { get; set; }

    [Key(2)]
    public ulong Token { get; set; }
}
