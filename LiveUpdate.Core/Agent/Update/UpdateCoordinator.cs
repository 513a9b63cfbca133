using Microsoft.Extensions.Logging;

namespace LiveUpdate.Agent;

/// <summary>
/// The state machine of updates: idle, preparing, going, claiming (docs/agent.md, "The update"). Knows connections only as
/// <see cref="UpdatePeer"/>s. Safe for threads; everybody is told things in the order in which they happen.
/// </summary>
/// <param name="host">The server around it.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Gets what became of each update.</param>
/// <param name="resume">Takes back what a hand-over that failed has brought to rest.</param>
internal sealed partial class UpdateCoordinator(UpdateHost host, TimeProvider time, ILogger logger, Action resume) : IAsyncDisposable
{
    /// <summary>How long requests under way may take to end once all are ready.</summary>
    public static readonly TimeSpan BarrierTime = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly SortedDictionary<int, UpdateMember> _members = [];
    private readonly SortedDictionary<int, UpdatePeer> _watchers = [];
    private readonly CancellationTokenSource _stop = new();
    private AgentUpdatePhase _phase;
    private UpdateRun? _run;
    private ITimer? _timer;

    /// <summary>Where the update is.</summary>
    public AgentUpdatePhase Phase
    {
        get
        {
            lock (_lock)
                return _phase;
        }
    }

    /// <summary>The hand-over under way, or the last one; ends when this process has handed over, or the update is called off.</summary>
    public Task Going { get; private set; } = Task.CompletedTask;

    /// <summary>Carries out what a client says about updates, and answers it.</summary>
    /// <exception cref="LiveUpdateException">
    /// The request is refused. EBUSY: an update is under way, or has gone too far. EINVAL: a name or a time is not valid. EEXIST:
    /// subscribed before. ENOENT: that update is not under way. ESHUTDOWN: the agent stops.
    /// </exception>
    public void Handle(UpdatePeer peer, UpdateRequest request)
    {
        lock (_lock)
        {
            switch (request.Kind)
            {
                case UpdateMessageKind.Subscribe:
                    Subscribe(peer, request);
                    break;
                case UpdateMessageKind.Watch:
                    Watch(peer, request);
                    break;
                case UpdateMessageKind.Start:
                    Start(peer, request);
                    break;
                case UpdateMessageKind.Cancel:
                    Cancel(peer, request);
                    break;

                // What is said of an update that is not under way any more crossed the agent's word.
                case var _ when _run?.Number == request.Number && _members.GetValueOrDefault(peer.Key) is { } member:
                    Answer(_run, member, request);
                    break;
            }
        }
    }

    /// <summary>A connection has ended.</summary>
    public void Leave(UpdatePeer peer)
    {
        lock (_lock)
        {
            _watchers.Remove(peer.Key);
            if (_run?.Initiator == peer)
                _run.Initiator = null;
            if (!_members.Remove(peer.Key, out UpdateMember? member))
                return;
            bool tookPart = member.State is not (AgentSubscriberState.Subscribed or AgentSubscriberState.Finished);
            member.State = AgentSubscriberState.Gone;
            Report(member);
            if (_run is null)
                return;
            if (tookPart && _phase != AgentUpdatePhase.Preparing)
                _run.Gone.Add(member.Name);
            Advance(_run);
        }
    }

    /// <summary>Puts what is known of updates into a status.</summary>
    public AgentStatus Describe(AgentStatus status)
    {
        lock (_lock)
        {
            return status with
            {
                Phase = _phase,
                Update = _run?.Number ?? 0,
                TimeLeft = _timer is not null ? TimeLeft(_run!) : TimeSpan.Zero,
                Subscribers = [.. _members.Values.Take(UpdatePayload.MostNames).Select(static member =>
                    new AgentSubscriberStatus(member.Peer.Key, member.Name, member.State))],
            };
        }
    }

    /// <summary>Calls an update that still can be off; a hand-over under way is asked to end.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        lock (_lock)
        {
            if (_phase == AgentUpdatePhase.Preparing)
                CallOff(_run!, LiveUpdateError.Shutdown, "The agent stops.");
            Disarm();
        }

        await Going.ConfigureAwait(false);
        _stop.Dispose();
    }

    private void Subscribe(UpdatePeer peer, UpdateRequest request)
    {
        if (request.Name.Length == 0 || !UpdatePayload.IsName(request.Name))
            throw new LiveUpdateException(LiveUpdateError.InvalidArgument, UpdatePayload.NameRule);
        var member = new UpdateMember(peer, request.Name);
        if (!_members.TryAdd(peer.Key, member))
        {
            throw new LiveUpdateException(
                LiveUpdateError.Exists, $"This connection has subscribed before, as \"{_members[peer.Key].Name}\".");
        }

        peer.Tell(UpdateNotice.Done(request));
        Report(member);
        if (_phase == AgentUpdatePhase.Preparing)
            Prepare(_run!, member);
        else if (_phase == AgentUpdatePhase.Claiming)
            TellUpdated(_run!, member);
    }

    private void Watch(UpdatePeer peer, UpdateRequest request)
    {
        peer.Tell(UpdateNotice.Done(request));
        _watchers[peer.Key] = peer;
        peer.Tell(new UpdateNotice(UpdateMessageKind.Event) { Event = Happened(AgentEventKind.Phase) });
    }

    private void Start(UpdatePeer peer, UpdateRequest request)
    {
        if (_stop.IsCancellationRequested)
            throw new LiveUpdateException(LiveUpdateError.Shutdown, "The agent stops.");
        if (_run is not null)
            throw new LiveUpdateException(LiveUpdateError.Busy, $"Update {_run.Number} is under way, in the phase \"{_run.Phase}\".");
        if (!AgentUpdateOptions.IsInRange(request.PrepareTime) || !AgentUpdateOptions.IsInRange(request.ClaimTime))
        {
            throw new LiveUpdateException(
                LiveUpdateError.InvalidArgument, "The times to prepare and to claim are one millisecond to one day.");
        }

        _run = new UpdateRun(host.NextUpdate(), time.GetTimestamp())
        {
            Initiator = peer,
            ClaimTime = request.ClaimTime,
            LeavesSilentBehind = request.LeavesSilentBehind,
        };
        peer.Tell(UpdateNotice.Done(request, _run.Number));
        UpdateLog.Started(logger, _run.Number, _members.Count, request.PrepareTime);
        Enter(_run, AgentUpdatePhase.Preparing, UpdatePhases.Prepare);
        Arm(_run, request.PrepareTime);
        foreach (UpdateMember member in _members.Values)
            Prepare(_run, member);
        Advance(_run);
    }

    private void Cancel(UpdatePeer peer, UpdateRequest request)
    {
        if (_run?.Number != request.Update)
            throw new LiveUpdateException(LiveUpdateError.NotFound, $"Update {request.Update} is not under way.");
        if (_phase != AgentUpdatePhase.Preparing)
        {
            throw new LiveUpdateException(
                LiveUpdateError.Busy, $"Update {request.Update} has gone too far, to the phase \"{_run.Phase}\".");
        }

        peer.Tell(UpdateNotice.Done(request, request.Update));
        CallOff(_run, LiveUpdateError.Canceled, "The update was called off on request.");
    }

    private void Answer(UpdateRun run, UpdateMember member, UpdateRequest request)
    {
        switch (request.Kind)
        {
            case UpdateMessageKind.Ready when _phase == AgentUpdatePhase.Preparing && member.State == AgentSubscriberState.Preparing:
                Reach(member, AgentSubscriberState.Ready);
                break;
            case UpdateMessageKind.Refuse when _phase == AgentUpdatePhase.Preparing:
                string reason = UpdatePayload.Tidy(request.Reason);
                Reach(member, AgentSubscriberState.Refused, reason);
                CallOff(run, LiveUpdateError.Busy, $"The subscriber \"{member.Name}\" refuses: {reason}");
                return;
            case UpdateMessageKind.Claimed when _phase == AgentUpdatePhase.Claiming && member.State == AgentSubscriberState.Updated:
                run.Claimed++;
                Reach(member, AgentSubscriberState.Claimed);
                break;
            case UpdateMessageKind.Finished
                when _phase == AgentUpdatePhase.Claiming && member.State is AgentSubscriberState.Updated or AgentSubscriberState.Claimed:
                run.Claimed += member.State == AgentSubscriberState.Updated ? 1u : 0;
                run.Finished++;
                run.Expected.Remove(member.Name);
                Reach(member, AgentSubscriberState.Finished);
                break;
        }

        Advance(run);
    }

    private void Prepare(UpdateRun run, UpdateMember member)
    {
        member.Peer.Tell(new UpdateNotice(UpdateMessageKind.Prepare) { Number = run.Number, TimeLeft = TimeLeft(run) });
        Reach(member, AgentSubscriberState.Preparing);
    }

    private void TellUpdated(UpdateRun run, UpdateMember member)
    {
        member.IsAwaited = member.State != AgentSubscriberState.LeftBehind;
        member.Peer.Tell(new UpdateNotice(UpdateMessageKind.Updated)
        {
            Number = run.Number,
            Generation = host.Generation,
            TimeLeft = TimeLeft(run),
        });
        Reach(member, AgentSubscriberState.Updated);
    }

    /// <summary>Goes to the next phase if nobody is waited for any more.</summary>
    private void Advance(UpdateRun run)
    {
        if (_phase == AgentUpdatePhase.Preparing && _members.Values.All(static member => member.State != AgentSubscriberState.Preparing))
            Go(run);
        else if (_phase == AgentUpdatePhase.Claiming && !run.IsOpenEnded && run.Expected.Count == 0
            && _members.Values.All(static member => !member.IsAwaited || member.State == AgentSubscriberState.Finished))
            End(run);
    }

    private void End(UpdateRun run)
    {
        UpdateMember[] told = [.. _members.Values.Where(static member => member.State >= AgentSubscriberState.Updated)];
        string[] silent =
        [
            .. told.Where(static member => member.State != AgentSubscriberState.Finished).Select(static member => member.Name),
            .. run.Gone,
            .. run.Expected,
        ];
        Disarm();
        Report(Happened(AgentEventKind.Over));
        UpdateLog.Over(logger, run.Number, run.Finished, silent.Length, string.Join(", ", silent.Take(UpdatePayload.MostNames)));
        var over = new UpdateNotice(UpdateMessageKind.Over)
        {
            Number = run.Number,
            Generation = host.Generation,
            Claimed = run.Claimed,
            Finished = run.Finished,
            Names = [.. silent.Take(UpdatePayload.MostNames)],
        };
        TellAll(run, told, over);
        BeIdle(told);
    }

    private void CallOff(UpdateRun run, LiveUpdateError error, string reason)
    {
        Disarm();
        reason = UpdatePayload.Tidy(reason);
        UpdateLog.CalledOff(logger, run.Number, error, reason);
        Report(Happened(AgentEventKind.CalledOff) with { Error = error, Reason = reason });
        UpdateMember[] told = [.. _members.Values.Where(static member => member.State != AgentSubscriberState.Subscribed)];
        TellAll(run, told, new UpdateNotice(UpdateMessageKind.CalledOff) { Number = run.Number, Error = error, Text = reason });
        BeIdle(told);
    }

    private void BeIdle(UpdateMember[] members)
    {
        foreach (UpdateMember member in members)
            (member.State, member.IsAwaited) = (AgentSubscriberState.Subscribed, false);
        (_run, _phase) = (null, AgentUpdatePhase.Idle);
    }
}
