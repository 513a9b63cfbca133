namespace LiveUpdate.Agent;

// Who is told what, and the clock.
internal sealed partial class UpdateCoordinator
{
    private TimeSpan Now(UpdateRun run)
    {
        TimeSpan since = time.GetElapsedTime(run.StartedAt);
        return since > TimeSpan.Zero ? since : TimeSpan.Zero;
    }

    private TimeSpan TimeLeft(UpdateRun run)
    {
        TimeSpan left = time.GetElapsedTime(time.GetTimestamp(), run.Deadline);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private void Arm(UpdateRun run, TimeSpan after)
    {
        AgentUpdatePhase phase = _phase;
        run.Deadline = time.GetTimestamp() + (long)(after.TotalSeconds * time.TimestampFrequency);
        _timer = time.CreateTimer(_ => OnTime(run, phase), null, after, Timeout.InfiniteTimeSpan);
    }

    private void Disarm()
    {
        _timer?.Dispose();
        _timer = null;
    }

    private void Enter(UpdateRun run, AgentUpdatePhase phase, string name)
    {
        (_phase, run.Phase) = (phase, name);
        Report(Happened(AgentEventKind.Phase));
    }

    private void Reach(UpdateMember member, AgentSubscriberState state, string? reason = null)
    {
        member.State = state;
        Report(member, reason);
    }

    private AgentEvent Happened(AgentEventKind kind) => new()
    {
        Kind = kind,
        Update = _run?.Number ?? 0,
        Time = _run is { } run ? Now(run) : TimeSpan.Zero,
        Phase = _run?.Phase ?? UpdatePhases.Idle,
    };

    private void Report(UpdateMember member, string? reason = null) => Report(Happened(AgentEventKind.Subscriber) with
    {
        SubscriberId = member.Peer.Key,
        Subscriber = member.Name,
        State = member.State,
        Reason = reason,
    });

    private void Report(AgentEvent happened)
    {
        host.Observe(happened);
        var notice = new UpdateNotice(UpdateMessageKind.Event) { Event = happened };
        foreach (UpdatePeer watcher in _watchers.Values)
            watcher.Tell(notice);
        if (_run?.Initiator is { } initiator && !_watchers.ContainsKey(initiator.Key))
            initiator.Tell(notice);
    }

    private static void TellAll(UpdateRun run, UpdateMember[] members, UpdateNotice notice)
    {
        foreach (UpdateMember member in members)
            member.Peer.Tell(notice);
        if (run.Initiator is { } initiator && !members.Any(member => member.Peer == initiator))
            initiator.Tell(notice);
    }
}
