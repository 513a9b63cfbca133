using BenchmarkDotNet.Attributes;
using LiveUpdate.Abi;
using LiveUpdate.Kho;
using LiveUpdate.Serialization;

namespace LiveUpdate.Benchmarks;

/// <summary>
/// From a booted image of a million files to the moment when any token can be retrieved, beside building objects and dictionaries from the
/// same records.
/// </summary>
/// <remarks>The image is read as a warm successor does, before the commit, so that it can be read again.</remarks>
public class ReadImage
{
    private Workload _workload = null!;
    private LiveUpdateEngine _first = null!;
    private LiveUpdateEngine _next = null!;
    private EngineOptions _options = null!;
    private IncomingBlockSet[] _blocks = null!;

    [GlobalSetup]
    public void Setup()
    {
        _workload = new Workload(Workload.MostFiles, isShuffled: true);
        _options = LiveUpdateOrchestrator.ToEngineOptions(_workload.CreateOptions(null));
        _first = LiveUpdateEngine.Attach(_workload.Memory(0), _options);
        _first.Activate();
        _workload.Preserve(Workload.CreateSessions(_first.OpenDevice()));
        _first.CloseGate(CancellationToken.None);
        _first.FreezeAndSerialize(new FreezeProgress(), new HandoverRun(LuoCoreTarget.InProcess));
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _first.Thaw();
        _first.Gate.Open();
        _first.Dispose();
        _workload.Dispose();
    }

    [IterationSetup(Target = nameof(Deserialize))]
    public void Attach() => _next = LiveUpdateEngine.Attach(_workload.Memory(0), _options);

    [IterationSetup(Targets = [nameof(Build), nameof(BuildWithCapacity)])]
    public void OpenBlocks()
    {
        Attach();
        IncomingBlockSet sessions = _next.Image!.Sessions!;
        Span<byte> buffer = new byte[LuoAbi.PageSize];
        _blocks = new IncomingBlockSet[sessions.ReadBlock(0, buffer)];
        var reader = new BlockReader(buffer, LuoAbi.SessionSize);
        for (int i = 0; i < _blocks.Length; i++)
        {
            SessionRecord session = SessionRecord.Read(reader[i]);
            _blocks[i] = IncomingBlockSet.Open(_next.Memory, session.Files, LuoAbi.FileSize, "file block", new PageOwner("peer"));
        }
    }

    [IterationCleanup]
    public void End() => _next.Dispose();

    [Benchmark(Baseline = true, Description = "Objects and a Dictionary, its size known")]
    public object BuildWithCapacity() => Build(static blocks => new Dictionary<ulong, PeerFile>((int)blocks.EntryCount));

    [Benchmark(Description = "Objects and a Dictionary that grows")]
    public object Build() => Build(static _ => []);

    [Benchmark]
    public void Deserialize() => _next.Deserialize();

    private Dictionary<ulong, PeerFile>[] Build(Func<IncomingBlockSet, Dictionary<ulong, PeerFile>> create)
    {
        FileHandler handler = _workload.Handler;
        Span<byte> buffer = stackalloc byte[LuoAbi.PageSize];
        var sessions = new Dictionary<ulong, PeerFile>[_blocks.Length];
        for (int i = 0; i < sessions.Length; i++)
        {
            Dictionary<ulong, PeerFile> files = sessions[i] = create(_blocks[i]);
            for (int block = 0; block < _blocks[i].BlockCount; block++)
            {
                _blocks[i].ReadBlock(block, buffer);
                var reader = new BlockReader(buffer, LuoAbi.FileSize);
                for (int entry = 0; entry < reader.Count; entry++)
                {
                    FileRecord record = FileRecord.Read(reader[entry]);
                    files.TryAdd(record.Token.Value, new PeerFile(record.Token.Value, record.Data.Value, handler));
                }
            }
        }

        return sessions;
    }
}
