using LiveUpdate.Abi;
using LiveUpdate.Fuzzing.Running;
using LiveUpdate.Interop;
using LiveUpdate.Kho;
using LiveUpdate.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Fuzzing.Targets;

/// <summary>
/// Whatever the previous generation left in memory: the next one boots and lives, or says with a documented exception why not. Its books
/// stay balanced, and what it hands over itself arrives.
/// </summary>
internal sealed class ImageTarget : FuzzTarget
{
    private const int Pages = 160;
    private const int FirstFiles = 70;
    private const int State = 2000;
    private const int Descriptor = 3000;

    private readonly SafeFileHandle _events = Libc.Eventfd(0, Libc.EFD_CLOEXEC);
    private readonly DamagedMemory _memory;

    public ImageTarget() => _memory = new DamagedMemory(MakeImage());

    public override string Name => "image";

    public override int MaxLength => DamagedMemory.MaxLength;

    public override long MostAllocated => 32 << 20;

    public override int Cost => 10;

    public override IReadOnlyList<byte[]> Seeds { get; } =
        [.. DamagedMemory.Seeds, .. Enumerable.Range(0, Pages / 10).Select(static page => DamagedMemory.EndsAt(10 * page))];

    public override string Run(ReadOnlyMemory<byte> input)
    {
        _memory.Damage(input.Span);
        LiveUpdateOrchestrator orchestrator;
        try
        {
            orchestrator = LiveUpdateOrchestrator.Boot(Options(_memory.Memory));
        }
        catch (Exception exception) when (exception is LiveUpdateImageException or LiveUpdateException { Error: LiveUpdateError.OutOfMemory })
        {
            return "boot refused";
        }

        using (orchestrator)
            return Live(orchestrator);
    }

    protected override void Dispose(bool disposing)
    {
        _memory.Dispose();
        _events.Dispose();
        base.Dispose(disposing);
    }

    private static LiveUpdateOptions Options(KhoMemory? memory = null)
    {
        var handler = new PageHandler();
        handler.DependsOn.Add(new PageFlb());
        return new LiveUpdateOptions
        {
            Memory = memory,
            DiscardUnfinished = true,
            Handlers = { handler, new PageHandler("other-v1") { Kind = "other" }, StateHandler(), new DescriptorHandler() },
        };
    }

    private static StateHandler<FuzzState> StateHandler() => new("state-v1", new ResolverStateFormatter<FuzzState>(1)) { ReserveBytes = 2 * LuoAbi.PageSize };

    private GuardedMemory MakeImage()
    {
        GuardedMemory memory = GuardedMemory.Create(Pages * LuoAbi.PageSize);
        using LiveUpdateOrchestrator orchestrator = LiveUpdateOrchestrator.Boot(Options(memory));
        LiveUpdateDevice device = orchestrator.OpenDevice();
        Session first = device.CreateSession("first");
        for (int i = 0; i < FirstFiles; i++)
            Preserve(first, i);
        first.Preserve(1000, new TestFile(1000, "other"));
        device.CreateSession("empty");
        Session last = device.CreateSession("last");
        last.Preserve(State, FuzzState.Create(7), "state");
        last.Preserve(Descriptor, _events);
        last.Preserve(100, new TestFile(100));
        orchestrator.HandOver(new StopTarget());
        return memory;
    }

    private static void Preserve(Session session, int number)
    {
        if (number % 7 == 0)
            session.Preserve(Token.From(number), new TestFile(number), $"file {number}");
        else
            session.Preserve(Token.From(number), new TestFile(number));
    }

    private string Live(LiveUpdateOrchestrator orchestrator)
    {
        LiveUpdateEngine engine = orchestrator.Engine;
        try
        {
            engine.Image?.ReadSlots();
            engine.Descriptors.SetIncoming([Duplicate()], 1);
            using LiveUpdateDevice device = orchestrator.OpenDevice();
            FinishEverything(device, engine);
            PreservedMemoryTarget.CheckBalance(engine.Memory);
            GoOn(device, orchestrator);
            return "lived";
        }
        catch (LiveUpdateException refusal) when (refusal is { Error: LiveUpdateError.InputOutput, Operation: "open device" })
        {
            PreservedMemoryTarget.CheckBalance(engine.Memory);
            return "open refused";
        }
        catch (LiveUpdateImageException)
        {
            return "slots refused";
        }
    }

    private SafeFileHandle Duplicate() => new(Libc.Fcntl(_events, Libc.F_DUPFD_CLOEXEC, 0), ownsHandle: true);

    private static void FinishEverything(LiveUpdateDevice device, LiveUpdateEngine engine)
    {
        foreach (SessionName name in engine.Incoming.Names)
        {
            Session session = device.RetrieveSession(name);
            foreach (SessionFile file in session.GetFiles())
                TryRetrieve(session, file.Token);
            session.Finish();
            session.Close();
        }

        Finding.Unless(device.GetIncomingSessions().Count == 0, "What is finished and closed is gone.");
        Finding.Unless(engine.Sessions.Files.Ids.Count == 0, "No file that is gone has an id.");
    }

    private static void TryRetrieve(Session session, Token token)
    {
        try
        {
            object file = session.Retrieve(token);
            Finding.Unless(file is TestFile or FuzzState or SafeFileHandle, "A file is of a handler's type.");
            (file as SafeFileHandle)?.Dispose();
        }
        catch (LiveUpdateException exception)
        {
            Finding.Unless(ErrorOfRetrieve(session, token) == exception.Error, "A failed retrieve fails in the same way again.");
        }
    }

    private static LiveUpdateError ErrorOfRetrieve(Session session, Token token)
    {
        try
        {
            session.Retrieve(token);
            return LiveUpdateError.None;
        }
        catch (LiveUpdateException exception)
        {
            return exception.Error;
        }
    }

    /// <summary>What is left is sound: as far as there is memory, files are preserved and arrive.</summary>
    private static void GoOn(LiveUpdateDevice device, LiveUpdateOrchestrator orchestrator)
    {
        try
        {
            Session session = device.CreateSession("new");
            session.Preserve(1, new TestFile(1));
            session.Preserve(2, FuzzState.Create(2));
        }
        catch (LiveUpdateException exception) when (exception.Error == LiveUpdateError.OutOfMemory)
        {
            return;
        }

        using LiveUpdateOrchestrator next = orchestrator.HandOver(HandoverTarget.InProcess(Options())).Next;
        using LiveUpdateDevice nextDevice = next.OpenDevice();
        using Session arrived = nextDevice.RetrieveSession("new");
        Finding.Unless(arrived.Retrieve<TestFile>(1).Number == 1 && arrived.Retrieve<FuzzState>(2).Name == "state 2", "What was preserved arrives.");
        arrived.Finish();
        PreservedMemoryTarget.CheckBalance(next.Engine.Memory);
    }
}
