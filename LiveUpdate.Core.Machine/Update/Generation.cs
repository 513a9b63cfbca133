using System.Diagnostics;
using LiveUpdate.Kho;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Machine.Update;

/// <summary>
/// One generation of a program that is updated across the kernel: it boots, checks what the one before left, and preserves its own.
/// </summary>
internal sealed class Generation : IDisposable
{
    private const int PerSession = 100;

    private readonly Content _content;
    private readonly SharedPageFlb _both;
    private readonly SharedPageFlb _memfds;
    private readonly List<Session> _sessions = [];
    private LiveUpdateDevice? _device;

    public Generation(int number, Content content, Action<LiveUpdateOptions>? configure = null)
    {
        (Number, _content) = (number, content);
        _both = new SharedPageFlb("shared-by-both-v1", number);
        _memfds = new SharedPageFlb("shared-by-memfds-v1", number);
        Options = new LiveUpdateOptions { Across = LiveUpdateAcross.Kernel, MemorySize = 128L << 20 };
        Options.Handlers.Add(new MemfdHandler { DependsOn = { _both, _memfds } });
        Options.Handlers.Add(new StateHandler<Ledger>("ledger-v1", LedgerFormatter.Instance) { DependsOn = { _both } });
        configure?.Invoke(Options);
        long began = Stopwatch.GetTimestamp();
        Luo = LiveUpdateOrchestrator.Boot(Options);
        BootTime = Stopwatch.GetElapsedTime(began);
    }

    public int Number { get; }

    public LiveUpdateOptions Options { get; }

    public LiveUpdateOrchestrator Luo { get; }

    public TimeSpan BootTime { get; }

    public LiveUpdateDevice Device => _device ??= Luo.OpenDevice();

    /// <summary>Checks everything that the generation before left, by content and by counts, and finishes it.</summary>
    public void Claim()
    {
        int before = Number - 1;
        LiveUpdateReport report = Luo.PreviousUpdate ?? throw new InvalidOperationException("The boot was cold.");
        Check.Equal("kernel", report.Target, "target");
        Check.Equal((ulong)before, report.Number, "number of the update");
        Check.Equal(_content.Memfds + _content.States, report.Files, "files");
        Check.Equal(_content.Memfds, report.Descriptors, "descriptors");
        Check.Equal(_content.Sessions(PerSession), Device.GetIncomingSessions().Count, "sessions");
        int memfds = 0;
        for (int first = 0; first < _content.Memfds; first += PerSession)
        {
            using Session session = Device.RetrieveSession($"memfds {first}");
            for (int i = first; i < Math.Min(first + PerSession, _content.Memfds); i++, memfds++)
            {
                using var file = session.Retrieve<SafeFileHandle>((ulong)i);
                if (PatternedMemfd.Compare(file, before, i, _content.LengthOf(i)) is { } wrong)
                    throw new InvalidOperationException(wrong);
            }

            session.Finish();
        }

        TimeSpan memfdsVerified = Stage.SinceUserspace();
        Check.Equal(_content.States == 0 ? 1 : 0, _both.Finished, "the FLB of both kinds finished with the last memfd");
        using (Session session = Device.RetrieveSession("ledgers"))
        {
            for (int i = 0; i < _content.States; i++)
                Check.Equal(Ledger.Of(before, i, _content.Text), session.Retrieve<Ledger>((ulong)i), $"ledger {i}");
            session.Finish();
        }

        Check.Equal(1, _both.Finished, "the FLB of both kinds finished");
        Check.Equal(1, _memfds.Finished, "the FLB of memfds finished");
        Check.Equal(0, Device.GetIncomingSessions().Count, "sessions left");
        Check.Equal(0, Luo.Descriptors.IncomingCount, "descriptors left");
        Check.Equal(0, Luo.Memory.GetAccount().Unrestored.Count, "blocks of memory that nobody restored");
        Check.Equal(0, Luo.CleanupErrors.Count, "cleanup errors");
        Console.WriteLine(
            $"update: generation {Number} has all of generation {before}: {memfds} memfds of {_content.Bytes >> 20} MiB and {_content.States} states, " +
            "by content; the FLBs finished once");
        Console.WriteLine(
            $"update: {memfdsVerified.TotalSeconds:F2} s from the first process of the kernel to the last memfd verified, {BootTime.TotalMilliseconds:F1} ms " +
            $"of it the boot of the orchestrator; its memory has {((SegmentedMemory)Luo.Memory.Memory).Segments.Count} segments, {Luo.Memory.Memory.Length >> 20} MiB");
        Console.WriteLine("update: phases " + string.Join(", ", report.Phases.Select(static phase => $"{phase.Name} {phase.Duration.TotalMilliseconds:F1} ms")));
        Check.Equal(true, report.Phases.All(static phase => phase.Duration >= TimeSpan.Zero), "no phase is negative");
    }

    /// <summary>Preserves what the next generation looks for.</summary>
    public void Preserve()
    {
        for (int first = 0; first < _content.Memfds; first += PerSession)
        {
            Session session = Device.CreateSession($"memfds {first}");
            _sessions.Add(session);
            for (int i = first; i < Math.Min(first + PerSession, _content.Memfds); i++)
            {
                using SafeFileHandle file = PatternedMemfd.Create(Number, i, _content.LengthOf(i));
                session.Preserve((ulong)i, file);
            }
        }

        Session ledgers = Device.CreateSession("ledgers");
        _sessions.Add(ledgers);
        for (int i = 0; i < _content.States; i++)
            ledgers.Preserve((ulong)i, Ledger.Of(Number, i, _content.Text));
    }

    public void Dispose()
    {
        foreach (Session session in _sessions)
            session.Dispose();
        _device?.Dispose();
        Luo.Dispose();
    }
}
