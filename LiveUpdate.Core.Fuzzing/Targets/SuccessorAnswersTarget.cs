using LiveUpdate.Abi;
using LiveUpdate.Kho;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Fuzzing.Targets;

/// <summary>What a successor says to the process that hands over, from the hello on: that one is replaced, or goes on as if nothing had been.</summary>
internal sealed class SuccessorAnswersTarget : FuzzTarget
{
    private const int Pages = 32;

    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(5);

    private readonly Conversation _conversation = new();

    public override string Name => "successor-answers";

    public override int MaxLength => 1024;

    public override long MostAllocated => 8 << 20;

    public override int Cost => 10;

    public override IReadOnlyList<byte[]> Words => SuccessorHelloTarget.HugeCounts;

    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        [.. Hello(), .. Synchronized(), .. Synchronized(), .. Conversation.Message(SuccessorMessage.Verified, []), .. Conversation.Message(SuccessorMessage.Committed, new byte[8])],
        [.. Hello(), .. Synchronized(), .. Synchronized(), .. Failed()],
        [.. Hello(), .. Synchronized(), .. Synchronized(), .. Conversation.Message(SuccessorMessage.Verified, []), .. Failed()],
        [.. Hello(), .. Synchronized(), .. Failed()],
        Failed(),
    ];

    public override string Run(ReadOnlyMemory<byte> input)
    {
        KhoMemory memory = KhoMemory.CreateShared(Pages * LuoAbi.PageSize, "handed over");
        using LiveUpdateEngine engine = LiveUpdateEngine.Attach(memory, Options(), ownsMemory: true);
        engine.Activate();
        using LiveUpdateDevice device = engine.OpenDevice();
        using Session session = device.CreateSession("s");
        session.Preserve(1, _conversation.Events);
        SuccessorChannel channel = _conversation.Play(input.Span, "successor", out SafeFileHandle ours);
        using SafeFileHandle end = ours;
        try
        {
            var options = new SuccessorOptions { StartTimeout = s_timeout, TransferTimeout = s_timeout, VerifyTimeout = s_timeout };
            var run = new HandoverRun(LuoCoreTarget.Successor);
            run.Begin(UpdateStep.Prepare);
            HandoverProcedure.HandOver(
                engine, new SuccessorTarget(options) { Rehearsed = channel }, discardUnfinished: false, run, CancellationToken.None);
            return "handed over";
        }
        catch (LiveUpdateException) when (engine.Gate.IsOver)
        {
            return "lost";
        }
        catch (LiveUpdateException)
        {
            session.Preserve(2, _conversation.OtherEvents);
            session.Close();
            PreservedMemoryTarget.CheckBalance(engine.Memory);
            Finding.Unless(engine.Descriptors.Count == 0, "What is unpreserved holds no descriptor.");
            return "called off";
        }
    }

    protected override void Dispose(bool disposing)
    {
        _conversation.Dispose();
        base.Dispose(disposing);
    }

    private static EngineOptions Options() => new() { Handlers = [new DescriptorHandler()], Logger = NullLogger.Instance };

    private static byte[] Hello() => Conversation.Message(SuccessorMessage.Hello, SuccessorHello.Create(Options().Handlers, null).Write());

    private static byte[] Synchronized() => Conversation.Message(SuccessorMessage.Synchronized, Conversation.Numbers(1));

    private static byte[] Failed() => Conversation.Message(SuccessorMessage.Failed, new SuccessorFailure(LiveUpdateError.NoSpace, "no room").Write());
}
