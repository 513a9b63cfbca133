using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Versioning;
using LiveUpdate.Abi;
using LiveUpdate.Interop;
using LiveUpdate.Kho;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate;

/// <summary>
/// One small hand-over, from preserve to finish, in which two threads of this process play both sides: afterwards the code of both is loaded
/// and compiled, and the real one does not wait for it while files are frozen.
/// </summary>
/// <remarks>It is only for speed: where it fails, as for want of descriptors, nothing is lost. No file of the program takes part.</remarks>
[SupportedOSPlatform("linux")]
[SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "It is only for speed.")]
internal static class SuccessorRehearsal
{
    private const long MemorySize = 1 << 20;

    private const string SessionName = "rehearsal";

    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(5);

    private static int s_begun;

    /// <summary>Runs it once in a process: about as long as compiling takes, a millisecond with ahead-of-time compilation.</summary>
    /// <param name="program">The program's own options; the callbacks of its handlers are compiled and not called.</param>
    public static void Run(EngineOptions program)
    {
        if (Interlocked.Exchange(ref s_begun, 1) != 0)
            return;
        foreach (FileHandler handler in program.Handlers)
            handler.Compile();
        try
        {
            Rehearse(program);
        }
        catch (Exception)
        {
        }
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

    private static void Rehearse(EngineOptions program)
    {
        (SafeFileHandle ours, SafeFileHandle theirs) = SocketPair.Create();
        using SafeFileHandle first = ours;
        using SafeFileHandle second = theirs;
        using var oldSide = new SuccessorChannel(ours, ProcessHandle.CreateStandIn(), "successor");
        using var newSide = new SuccessorChannel(theirs, ProcessHandle.CreateStandIn(), "predecessor");
        Task<SuccessorArrival> successor = Task.Factory.StartNew(
            () => TakeOver(newSide, oldSide.Peer, program), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            HandOver(oldSide);
        }
        finally
        {
            // Whatever the other thread still waits for, it sees the end of it.
            newSide.Peer.TryKill();
            successor.ContinueWith(static task => _ = task.Exception, TaskScheduler.Default).Wait(s_timeout);
        }

        if (successor.IsCompletedSuccessfully)
            successor.Result.DisposeLater(static () => { });
    }

    private static EngineOptions Options() => new()
    {
        Handlers = [new MemfdHandler(), new DescriptorHandler()],
        Logger = NullLogger.Instance,
        GateTimeout = s_timeout,
        FreezeTimeout = s_timeout,
    };

    private static void HandOver(SuccessorChannel channel)
    {
        KhoMemory memory = KhoMemory.CreateShared(MemorySize, SessionName);
        using LiveUpdateEngine engine = LiveUpdateEngine.Attach(memory, Options(), ownsMemory: true);
        engine.Activate();
        using LiveUpdateDevice device = engine.OpenDevice();
        using Session session = device.CreateSession(SessionName);
        using SafeFileHandle events = Libc.Eventfd(0, Libc.EFD_CLOEXEC);
        using KhoMemory ram = KhoMemory.CreateShared(LuoAbi.PageSize, SessionName);
        session.Preserve(new Token(0), ram.SharedFile!);
        session.Preserve(new Token(1), events);
        var options = new SuccessorOptions { StartTimeout = s_timeout, TransferTimeout = s_timeout, VerifyTimeout = s_timeout };
        var run = new HandoverRun(LuoCoreTarget.Successor);
        run.Begin(UpdateStep.Prepare);
        LiveUpdateCollections collections = HandoverProcedure.HandOver(
            engine, new SuccessorTarget(options) { Rehearsed = channel }, discardUnfinished: false, run, CancellationToken.None);
        HandoverReport.OfOutgoing(1, run, collections);
    }

    private static SuccessorArrival TakeOver(SuccessorChannel channel, ProcessHandle self, EngineOptions program)
    {
        var arrival = new SuccessorArrival(channel, secret: null) { IsRehearsal = true };
        try
        {
            using var cancellation = new CancellationSignal(CancellationToken.None);
            using LiveUpdateEngine engine = arrival.Receive(Options(), cancellation);
            RuntimeHelpers.PrepareDelegate(PredecessorSearch.End);
            program.RehearseBoot?.Invoke(engine, arrival.Timeline, SessionName);
            return arrival;
        }
        catch
        {
            arrival.Dispose();
            throw;
        }
        finally
        {
            // The other thread waits for the end of this one where it was not told that it has taken over.
            self.TryKill();
        }
    }
}
