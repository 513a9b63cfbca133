using System.Buffers;
using BenchmarkDotNet.Attributes;
using LiveUpdate.Abi;
using LiveUpdate.Serialization;
using MemoryPack;
using MessagePack;

namespace LiveUpdate.Benchmarks;

/// <summary>Writing the records of a million files of one handler, beside a copy of the bytes and beside general serializers.</summary>
public class WriteRecords
{
    private const string Compatible = "no-op-v1";

    private readonly CompatibleField _compatible = CompatibleField.Encode(Compatible);
    private FileRecordData[] _records = null!;
    private PeerRecord[] _peers = null!;
    private byte[] _from = null!;
    private byte[] _to = null!;
    private ArrayBufferWriter<byte> _writer = null!;

    [GlobalSetup]
    public void Setup()
    {
        _records = new FileRecordData[Workload.MostFiles];
        var random = new Random(1);
        for (int i = 0; i < _records.Length; i++)
            _records[i] = new FileRecordData(new DataHandle((ulong)random.NextInt64()), (ulong)random.NextInt64());
        _peers = Array.ConvertAll(
            _records, static record => new PeerRecord { Compatible = Compatible, Data = record.Data.Value, Token = record.Token.Value });
        _from = new byte[Workload.MostFiles * LuoAbi.FileSize];
        _to = new byte[_from.Length];
        random.NextBytes(_from);
        _writer = new ArrayBufferWriter<byte>(_to.Length * 2);
    }

    [Benchmark(Baseline = true, Description = "Memory copy of the bytes")]
    public void Copy() => _from.AsSpan().CopyTo(_to);

    [Benchmark(Description = "FileRecordWriter")]
    public int Write() => FileRecordWriter.Write(_to, _compatible.Bytes, _records);

    [Benchmark]
    public int MessagePack()
    {
        _writer.ResetWrittenCount();
        MessagePackSerializer.Serialize(_writer, _peers);
        return _writer.WrittenCount;
    }

    [Benchmark]
    public int MemoryPack()
    {
        _writer.ResetWrittenCount();
        MemoryPackSerializer.Serialize(_writer, _peers);
        return _writer.WrittenCount;
    }
}
