using LiveUpdate.Abi;
using LiveUpdate.Kho;
using Microsoft.Extensions.Logging.Abstractions;

namespace LiveUpdate;

/// <summary>
/// One small hand-over within the process, from preserve to finish, so that the code of both sides is loaded and compiled before the
/// first file
/// is frozen. No handler of the program takes part.
/// </summary>
internal static class SuccessorRehearsal
{
    private const long MemorySize = 1 << 20;

    private const string SessionName = "rehearsal";

    /// <summary>Runs it; takes about as long as compiling takes, and next to nothing with ahead-of-time compilation.</summary>
    public static void Run()
    {
        using KhoMemory memory = KhoMemory.Allocate(MemorySize);
        var options = new EngineOptions { Handlers = [new RehearsalHandler()], Logger = NullLogger.Instance };
        using LiveUpdateEngine before = LiveUpdateEngine.Attach(memory, options);
        before.Activate();
        using LiveUpdateDevice device = before.OpenDevice();
        device.CreateSession(SessionName).Preserve(new Token(1), new object());
        before.CloseGate(CancellationToken.None);
        var run = new HandoverRun(LuoCoreTarget.Successor);
        run.Begin(UpdateStep.Prepare);
        before.FreezeAndSerialize(new FreezeProgress(), run);
        before.Thaw();
        before.FreezeAndSerialize(new FreezeProgress(), new HandoverRun(LuoCoreTarget.Successor));
        using LiveUpdateEngine after = LiveUpdateEngine.Attach(memory, options);
        after.Image!.ReadSlots();
        after.Deserialize();
        after.Verify();
        before.End();
        after.Activate();
        using LiveUpdateDevice next = after.OpenDevice();
        using Session session = next.RetrieveSession(SessionName);
        session.Retrieve(new Token(1));
        session.Finish();
    }

    /// <summary>
    /// Has the collector hold memory ready that the process has: allocating for the first time in a page takes longer than all else.
    /// </summary>
    /// <param name="descriptors">How many there are to be handed over; what a boot allocates grows with them.</param>
    public static void WarmHeap(int descriptors)
    {
        const int SmallPiece = 4 << 10;
        const int LargePiece = 128 << 10;
        Write(SmallPiece, (256 << 10) + (descriptors * 256L));
        Write(LargePiece, descriptors * 128L);
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true);

        static void Write(int piece, long bytes)
        {
            var pieces = new List<byte[]>();
            for (; bytes > 0; bytes -= piece)
            {
                pieces.Add(new byte[piece]);
                pieces[^1].AsSpan().Clear();
            }
        }
    }

    private sealed class RehearsalHandler() : FileHandler<object>("rehearsal-v1")
    {
        protected override void Preserve(ref PreserveContext<object> context) => context.Data = new DataHandle(1);

        protected override void Unpreserve(in FileContext<object> context)
        {
        }

        protected override object Retrieve(ref RetrieveContext context) => new();

        protected override void Finish(in FinishContext<object> context)
        {
        }
    }
}
