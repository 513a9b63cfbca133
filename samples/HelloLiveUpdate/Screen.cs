using System.Diagnostics;
using LiveUpdate;
using Spectre.Console;

namespace HelloLiveUpdate;

/// <summary>What people see: colours and progress bars on a terminal, plain lines where the output is redirected.</summary>
internal static class Screen
{
    private const int BarWidth = 40;

    // A file has no width at which lines would have to be broken.
    static Screen()
    {
        if (Console.IsOutputRedirected)
            AnsiConsole.Profile.Width = 1000;
    }

    public static void Headline(string text)
    {
        AnsiConsole.WriteLine();
        AnsiConsole.MarkupLineInterpolated($"[bold]{text}[/]");
    }

    public static void Say(string text) => AnsiConsole.WriteLine(text);

    public static void Succeed(string text) => AnsiConsole.MarkupLineInterpolated($"[green]{text}[/]");

    public static void Fail(string text) => Console.Error.WriteLine(text);

    /// <summary>Does something long; <paramref name="work"/> reports every piece that is done.</summary>
    public static T WithProgress<T>(string title, long total, Func<Action<long>, T> work)
    {
        long started = Stopwatch.GetTimestamp();
        T result = !Console.IsOutputRedirected
            ? AnsiConsole.Progress().AutoClear(true).Start(context =>
            {
                ProgressTask task = context.AddTask(title, maxValue: total);
                return work(done => task.Increment(done));
            })
            : work(static _ => { });
        Say($"{title}: {total >> 20} MiB in {Stopwatch.GetElapsedTime(started).TotalMilliseconds:F0} ms");
        return result;
    }

    /// <inheritdoc cref="WithProgress{T}"/>
    public static void WithProgress(string title, long total, Action<Action<long>> work) => WithProgress(title, total, progress =>
    {
        work(progress);
        return true;
    });

    /// <summary>The phases of an update, from the first preserve in the old generation to the finish in this one.</summary>
    public static void Show(LiveUpdateReport update, VmState state, Timeline timeline)
    {
        TimelineEntry[] entries =
        [
            new("preserve", Stopwatch.GetElapsedTime(state.PreserveStarted, state.PreserveEnded)),
            .. update.Phases.Select(static phase => new TimelineEntry(phase.Name, phase.Duration)),
            .. timeline.Entries,
        ];
        TimeSpan total = Sum(entries);
        TimeSpan passed = TimeSpan.Zero;
        Table table = new Table().Border(TableBorder.Simple).AddColumns("phase", "ms", "when");
        table.Columns[1].RightAligned();
        foreach (TimelineEntry entry in entries)
        {
            table.AddRow(entry.Phase, $"{entry.Duration.TotalMilliseconds:F3}", Bar(passed / total, entry.Duration / total));
            passed += entry.Duration;
        }

        AnsiConsole.WriteLine($"Update {update.Number} by {update.Target}: {update.Files} files, {update.Descriptors} descriptors.");
        AnsiConsole.Write(table);
        TimeSpan pause = update.Pause + Sum(timeline.Entries.Where(static entry => entry.Phase != "finish"));
        AnsiConsole.WriteLine($"The guest stood still for {pause.TotalMilliseconds:F1} ms, from the first freeze to the last retrieve.");
    }

    private static TimeSpan Sum(IEnumerable<TimelineEntry> entries) => new(entries.Sum(static entry => entry.Duration.Ticks));

    private static string Bar(double start, double share)
    {
        int before = Math.Min((int)(start * BarWidth), BarWidth - 1);
        int width = Math.Max(1, (int)Math.Round(share * BarWidth));
        return new string(' ', before) + new string('#', Math.Min(width, BarWidth - before));
    }
}
