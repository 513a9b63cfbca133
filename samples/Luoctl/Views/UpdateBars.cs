using LiveUpdate.Agent;
using LiveUpdate.Samples.Rendering;
using Spectre.Console;

namespace LiveUpdate.Samples.Luoctl.Views;

/// <summary>An update under way on a terminal: a bar for each phase, and one for each program.</summary>
internal sealed class UpdateBars : IProgress<AgentEvent>
{
    private const double Whole = 100;

    private readonly ProgressContext _bars;
    private readonly Dictionary<int, ProgressTask> _programs = [];
    private ProgressTask? _phase;

    private UpdateBars(ProgressContext bars) => _bars = bars;

    /// <summary>Shows the bars while something runs.</summary>
    public static Task<T> RunAsync<T>(IAnsiConsole terminal, Func<UpdateBars, Task<T>> update) => terminal.Progress()
        .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new ElapsedTimeColumn(), new SpinnerColumn())
        .StartAsync(async bars =>
        {
            var shown = new UpdateBars(bars);
            try
            {
                return await update(shown);
            }
            finally
            {
                shown.End();
            }
        });

    /// <inheritdoc/>
    public void Report(AgentEvent value)
    {
        switch (value.Kind)
        {
            case AgentEventKind.Phase:
                EndPhase();
                _phase = _bars.AddTask(Markup.Escape(Printable.Of(value.Phase)), maxValue: Whole);
                _phase.IsIndeterminate = true;
                break;
            case AgentEventKind.Subscriber when value.Subscriber is { } name:
                Show(value.SubscriberId, name, value.State);
                break;
        }
    }

    private void Show(int id, string name, AgentSubscriberState state)
    {
        string description = Markup.Escape($"  {Printable.Of(name)} {Words.Of(state)}");
        if (!_programs.TryGetValue(id, out ProgressTask? program))
            _programs.Add(id, program = _bars.AddTask(description, maxValue: Whole));
        program.Description = description;
        program.Value = PartOf(state) ?? program.Value;
        if (state is AgentSubscriberState.Refused or AgentSubscriberState.Gone)
            program.StopTask();
    }

    // Half of a program's way is done when it is ready; one that is left behind or gone stays where it is.
    private static double? PartOf(AgentSubscriberState state) => state switch
    {
        AgentSubscriberState.Subscribed or AgentSubscriberState.Preparing => 0,
        AgentSubscriberState.Ready => 0.5 * Whole,
        AgentSubscriberState.Updated => 0.6 * Whole,
        AgentSubscriberState.Claimed => 0.8 * Whole,
        AgentSubscriberState.Finished => Whole,
        _ => null,
    };

    private void End()
    {
        EndPhase();
        foreach (ProgressTask program in _programs.Values)
            program.StopTask();

        // Of an update that is called off, too, the last state stays to be seen.
        _bars.Refresh();
    }

    private void EndPhase()
    {
        if (_phase is null)
            return;
        _phase.IsIndeterminate = false;
        _phase.Value = Whole;
        _phase.StopTask();
        _phase = null;
    }
}
