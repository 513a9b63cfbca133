using System.Diagnostics.CodeAnalysis;

namespace LiveUpdate.Agent;

/// <summary>Makes the result of an update of its events.</summary>
internal sealed class UpdateRecorder(IProgress<AgentEvent>? progress)
{
    private readonly TaskCompletionSource<AgentUpdateResult> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<(string Name, TimeSpan Start)> _phases = [];
    private readonly List<AgentSubscriberResult> _subscribers = [];
    private TimeSpan _last;

    /// <summary>The number of the update; 0 before it has one.</summary>
    public ulong Update { get; set; }

    /// <summary>Ends with the update; fails if it is called off.</summary>
    public Task<AgentUpdateResult> Result => _result.Task;

    /// <summary>Takes an event of the update.</summary>
    [SuppressMessage(
        "Design", "CA1031:Do not catch general exception types",
        Justification = "Whatever a receiver throws: watching an update must not end it.")]
    public void Add(AgentEvent happened)
    {
        _last = happened.Time;
        if (happened.Kind == AgentEventKind.Phase)
            _phases.Add((happened.Phase, happened.Time));
        else if (happened is { Kind: AgentEventKind.Subscriber, Subscriber: { } name })
            Add(happened, name);
        try
        {
            progress?.Report(happened);
        }
        catch (Exception)
        {
        }
    }

    /// <summary>The update is over.</summary>
    public void Complete(UpdateNotice over) => _result.TrySetResult(new AgentUpdateResult
    {
        Update = Update,
        Generation = over.Generation,
        Duration = _last,
        Phases = [.. _phases.Select((phase, i) => new LiveUpdatePhase(phase.Name, phase.Start, EndOf(i) - phase.Start))],
        Subscribers =
        [
            .. _subscribers.Where(static subscriber =>
                subscriber.State is not (AgentSubscriberState.Subscribed or AgentSubscriberState.Preparing)),
        ],
        Unfinished = over.Names,
    });

    /// <summary>The update is called off, or nobody knows.</summary>
    public void Fail(Exception exception)
    {
        _result.TrySetException(exception);
        _ = _result.Task.Exception;
    }

    private TimeSpan EndOf(int phase) => phase + 1 < _phases.Count ? _phases[phase + 1].Start : _last;

    private void Add(AgentEvent happened, string name)
    {
        int index = _subscribers.FindIndex(subscriber => subscriber.Id == happened.SubscriberId && subscriber.Name == name);
        if (index < 0)
        {
            index = _subscribers.Count;
            _subscribers.Add(new AgentSubscriberResult(happened.SubscriberId, name));
        }

        AgentSubscriberResult result = _subscribers[index];
        bool hasFinished = result.State == AgentSubscriberState.Finished;
        _subscribers[index] = happened.State switch
        {
            AgentSubscriberState.Ready => result with { ReadyAfter = happened.Time, State = happened.State },
            AgentSubscriberState.Claimed => result with { ClaimedAfter = happened.Time, State = happened.State },
            AgentSubscriberState.Finished =>
                result with { ClaimedAfter = result.ClaimedAfter ?? happened.Time, FinishedAfter = happened.Time, State = happened.State },

            // One that goes when it has finished has done its part.
            AgentSubscriberState.Gone when hasFinished => result,
            var state => result with { State = state },
        };
    }
}
