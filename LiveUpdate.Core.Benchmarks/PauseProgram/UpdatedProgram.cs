using System.Diagnostics;
using System.Globalization;
using LiveUpdate.Kho;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Benchmarks.Pause;

/// <summary>
/// A program with guest RAM and many small memfds, updated again and again: each generation takes over from the one before, says how long nobody
/// could use a file, and hands over to the next.
/// </summary>
/// <param name="started">When <c>Main</c> began.</param>
/// <param name="files">Small memfds.</param>
/// <param name="ram">Bytes of guest RAM, in one more memfd, every page of it written.</param>
/// <param name="updates">After how many updates the last generation ends.</param>
/// <param name="exec">Whether the process replaces its image instead of starting a successor.</param>
internal sealed class UpdatedProgram(long started, int files, long ram, ulong updates, bool exec)
{
    // Several sessions, so that not every descriptor is held twice at a time while they are retrieved.
    private const int FilesPerSession = 2000;

    private readonly SafeFileHandle[] _files = new SafeFileHandle[files + 1];

    public void Run()
    {
        // Booted without await: the continuation of an async Main would be compiled within the pause where code is compiled at run time.
        using LiveUpdateOrchestrator luo = LiveUpdateOrchestrator.Boot(new LiveUpdateOptions { Handlers = { new MemfdHandler() }, Rehearse = Rehearse });
        using LiveUpdateDevice device = luo.OpenDevice();
        if (luo.PreviousUpdate is { } update)
        {
            long retrieved = Retrieve(device);
            Report(update, retrieved);
            if (luo.UpdateNumber == updates)
                return;
        }
        else
        {
            Create();
        }

        Preserve(device);
        LiveUpdateReport report = luo.HandOver(exec ? HandoverTarget.Exec() : HandoverTarget.Successor());
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"ready {UntilGate(report).TotalMicroseconds:F1}"));
    }

    // The library compiles its own code before the pause; what the program runs within it is the program's to run once before.
    private static void Rehearse(CancellationToken cancellationToken)
    {
        const long Memory = 1 << 20;
        var small = new UpdatedProgram(0, files: 1, Memory, updates: 0, exec: false);
        small.Create();
        using LiveUpdateOrchestrator luo = LiveUpdateOrchestrator.Boot(new LiveUpdateOptions { Handlers = { new MemfdHandler() }, MemorySize = Memory });
        using (LiveUpdateDevice device = luo.OpenDevice())
            small.Preserve(device);
        var options = new LiveUpdateOptions { Handlers = { new MemfdHandler() } };
        using LiveUpdateOrchestrator next = luo.HandOver(HandoverTarget.InProcess(options), cancellationToken).Next;
        using LiveUpdateDevice nextDevice = next.OpenDevice();
        small.Retrieve(nextDevice);
    }

    private static string NameOf(int first) => string.Create(CultureInfo.InvariantCulture, $"files from {first}");

    private static TimeSpan UntilGate(LiveUpdateReport report) => report.Phases.First(static phase => phase.Name == "gate").Start;

    private IEnumerable<int> FilesFrom(int first) => Enumerable.Range(first, Math.Min(FilesPerSession, _files.Length - first));

    private void Create()
    {
        KhoMemory memory = KhoMemory.CreateShared(ram, "ram");
        for (long offset = 0; offset < ram; offset += Environment.SystemPageSize)
            memory.GetSpan(memory.Base + offset, 1)[0] = 1;
        _files[0] = memory.SharedFile!;
        for (int file = 1; file < _files.Length; file++)
            _files[file] = KhoMemory.CreateShared(1, "file").SharedFile!;
    }

    private void Preserve(LiveUpdateDevice device)
    {
        for (int first = 0; first < _files.Length; first += FilesPerSession)
        {
            Session session = device.CreateSession(NameOf(first));
            foreach (int file in FilesFrom(first))
                session.Preserve((ulong)file, _files[file]);
        }
    }

    private long Retrieve(LiveUpdateDevice device)
    {
        long retrieved = 0;
        for (int first = 0; first < _files.Length; first += FilesPerSession)
        {
            using Session session = device.RetrieveSession(NameOf(first));
            if (first == 0)
            {
                _files[0] = session.Retrieve<SafeFileHandle>(0UL);
                retrieved = Stopwatch.GetTimestamp();
            }

            foreach (int file in FilesFrom(first))
                _files[file] ??= session.Retrieve<SafeFileHandle>((ulong)file);
            session.Finish();
        }

        return retrieved;
    }

    private void Report(LiveUpdateReport update, long retrieved)
    {
        TimeSpan pause = Stopwatch.GetElapsedTime(update.FrozenAt, retrieved);
        TimeSpan prepared = update.Phases.First(static phase => phase.Name == "freeze").Start;
        TimeSpan start = Stopwatch.GetElapsedTime(update.FrozenAt, started) + prepared;
        string phases = string.Join(' ', update.Phases.Select(static phase =>
            string.Create(CultureInfo.InvariantCulture, $"{phase.Name} {phase.Duration.TotalMicroseconds:F1}")));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"pause {pause.TotalMicroseconds:F1} main {start.TotalMicroseconds:F1} collections {update.Collections.Generation0} {phases}"));
    }
}
