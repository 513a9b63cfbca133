using LiveUpdate.Abi;
using LiveUpdate.Kho;
using LiveUpdate.Tests.Infrastructure;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Fuzzing.Targets;

/// <summary>What a predecessor says to its successor, from the memory to the commit.</summary>
internal sealed class SuccessorOffersTarget : FuzzTarget
{
    private const int Pages = 48;

    private readonly Conversation _conversation = new();
    private readonly KhoMemory _memory = KhoMemory.CreateShared(Pages * LuoAbi.PageSize, "offered");
    private readonly byte[] _image;

    public SuccessorOffersTarget()
    {
        _image = MakeImage();
        _conversation.Memory = _memory.SharedFile;
        byte[] go = new byte[16];
        (go[0], go[4], go[8]) = (1, 1, 1);
        byte[] memory = Conversation.Message(SuccessorMessage.Memory, [], 1, 1);
        byte[] descriptor = Conversation.Message(SuccessorMessage.Descriptors, Conversation.Numbers(0), 1);
        byte[] two = Conversation.Message(SuccessorMessage.Descriptors, Conversation.Numbers(1, 2), 2);
        byte[] synchronize = Conversation.Message(SuccessorMessage.Synchronize, BitConverter.GetBytes(8192L));
        byte[] end = [.. Conversation.Message(SuccessorMessage.Go, go), .. Conversation.Message(SuccessorMessage.Commit, [])];
        Seeds =
        [
            [.. memory, .. descriptor, .. synchronize, .. end],
            [
                .. memory, .. descriptor, .. two, .. synchronize, .. Conversation.Message(SuccessorMessage.Close, Conversation.Numbers(1)),
                .. Conversation.Message(SuccessorMessage.Close, Conversation.Numbers(2)), .. synchronize, .. end,
            ],
            [.. memory, .. descriptor, .. synchronize, .. Conversation.Message(SuccessorMessage.Go, go)],
            Conversation.Message(SuccessorMessage.Refused, new SuccessorFailure(LiveUpdateError.Busy, "another one").Write()),
        ];
    }

    public override string Name => "successor-offers";

    public override int MaxLength => 512;

    // Tables of as many slots as there can be, of 40 bytes each, after smaller ones.
    public override long MostAllocated => 128 << 20;

    public override int Cost => 10;

    public override IReadOnlyList<byte[]> Seeds { get; }

    public override string Run(ReadOnlyMemory<byte> input)
    {
        _image.CopyTo(Bytes);
        using SuccessorChannel channel = _conversation.Play(input.Span, "predecessor", out SafeFileHandle ours);
        using SafeFileHandle end = ours;
        using var cancellation = new CancellationSignal(CancellationToken.None);
        using var arrival = new SuccessorArrival(channel, "secret") { IsRehearsal = true };
        try
        {
            using LiveUpdateEngine engine = arrival.Receive(Options(), cancellation);
            PreservedMemoryTarget.CheckBalance(engine.Memory);
            return "took over";
        }
        catch (LiveUpdateImageException)
        {
            return "image refused";
        }
        catch (LiveUpdateException)
        {
            return Refused;
        }
    }

    protected override void Dispose(bool disposing)
    {
        _memory.Dispose();
        _conversation.Dispose();
        base.Dispose(disposing);
    }

    private static EngineOptions Options() => new()
    {
        Handlers = [new DescriptorHandler(), new PageHandler()],
        Logger = NullLogger.Instance,
    };

    private Span<byte> Bytes => _memory.GetSpan(_memory.Base, Pages * LuoAbi.PageSize);

    private byte[] MakeImage()
    {
        using (LiveUpdateEngine engine = LiveUpdateEngine.Attach(_memory, Options()))
        {
            engine.Activate();
            using LiveUpdateDevice device = engine.OpenDevice();
            Session session = device.CreateSession("s");
            session.Preserve(1, _conversation.Events);
            session.Preserve(2, new TestFile(2));
            var run = new HandoverRun(LuoCoreTarget.Exec);
            run.Begin(UpdateStep.Prepare);
            HandoverProcedure.HandOver(engine, new StopTarget(), discardUnfinished: false, run, CancellationToken.None);
        }

        // It says that it was an exec: a hand-over to a successor needs one.
        using KexecHandover next = KexecHandover.Attach(_memory);
        next.TryGetSubtree(LuoCoreSer.SubtreeName, out KhoSubtree core);
        Span<byte> bytes = _memory.GetSpan(core.Address, LuoCoreSer.Size);
        CoreRecord.Write(bytes, CoreRecord.Read(bytes, core.Address) with { Target = LuoCoreTarget.Successor });
        return Bytes.ToArray();
    }
}
