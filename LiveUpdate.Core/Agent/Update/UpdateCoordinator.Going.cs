using System.Diagnostics.CodeAnalysis;

namespace LiveUpdate.Agent;

// The way into the next generation, and back.
internal sealed partial class UpdateCoordinator
{
    /// <summary>What a successor must know of the update under way. Only while nobody can say anything.</summary>
    public UpdateSaved Save()
    {
        lock (_lock)
        {
            return new UpdateSaved
            {
                Update = _run?.Number ?? 0,
                StartedAt = _run?.StartedAt ?? 0,
                ClaimTime = _run?.ClaimTime ?? TimeSpan.Zero,
                Initiator = _run?.Initiator?.Key ?? -1,
                Gone = [.. _run?.Gone ?? []],
                Watchers = [.. _watchers.Keys],
                Members =
                [
                    .. _members.Values.Select(static member => new AgentSubscriberStatus(member.Peer.Key, member.Name, member.State)),
                ],
            };
        }
    }

    /// <summary>Goes on where the predecessor was: everybody is told <c>updated</c>.</summary>
    /// <param name="saved">What it knew.</param>
    /// <param name="peers">The connections that came along; those that did not count as gone.</param>
    public void Restore(UpdateSaved saved, IReadOnlyDictionary<int, UpdatePeer> peers)
    {
        lock (_lock)
        {
            UpdateRun? run = saved.Update == 0
                ? null
                : new(saved.Update, saved.StartedAt)
                {
                    ClaimTime = saved.ClaimTime,
                    Initiator = peers.GetValueOrDefault(saved.Initiator),
                };
            run?.Gone.AddRange(saved.Gone);
            foreach (int key in saved.Watchers)
            {
                if (peers.TryGetValue(key, out UpdatePeer? peer))
                    _watchers[key] = peer;
            }

            foreach (AgentSubscriberStatus member in saved.Members)
            {
                if (peers.TryGetValue(member.Id, out UpdatePeer? peer))
                    _members[member.Id] = new UpdateMember(peer, member.Name) { State = member.State };
                else if (member.State != AgentSubscriberState.Subscribed)
                    run?.Gone.Add(member.Name);
            }

            if (run is not null)
                Claim(run);
        }
    }

    /// <summary>Begins claiming where the programs are new, too: behind a kexec.</summary>
    /// <param name="update">The number of the update.</param>
    /// <param name="claimTime">How long.</param>
    /// <param name="expected">The names of those who took part; null if they are not known.</param>
    public void BeginClaiming(ulong update, TimeSpan claimTime, IReadOnlyCollection<string>? expected)
    {
        lock (_lock)
        {
            if (_run is not null)
                throw new InvalidOperationException($"Update {_run.Number} is under way.");
            var run = new UpdateRun(update, time.GetTimestamp()) { ClaimTime = claimTime, IsOpenEnded = expected is null };
            run.Expected.AddRange(expected ?? []);
            Claim(run);
        }
    }

    private void Claim(UpdateRun run)
    {
        _run = run;
        Enter(run, AgentUpdatePhase.Claiming, UpdatePhases.Claim);
        Arm(run, run.ClaimTime);
        foreach (UpdateMember member in _members.Values)
            TellUpdated(run, member);
        Advance(run);
    }

    private void Go(UpdateRun run)
    {
        Disarm();
        Enter(run, AgentUpdatePhase.Going, UpdatePhases.Barrier);
        Going = Task.Run(() => GoAsync(run));
    }

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "Whatever it is, the update is called off.")]
    private async Task GoAsync(UpdateRun run)
    {
        try
        {
            await PauseAsync().ConfigureAwait(false);
            lock (_lock)
            {
                Enter(run, AgentUpdatePhase.Going, UpdatePhases.HandOver);
                var go = new UpdateNotice(UpdateMessageKind.Go) { Number = run.Number };
                foreach (UpdateMember member in _members.Values.Where(static member => member.State != AgentSubscriberState.Subscribed))
                    member.Peer.Tell(go);
            }

            await host.HandOverAsync(phase => Begin(run, phase), _stop.Token).ConfigureAwait(false);
            lock (_lock)
                _phase = AgentUpdatePhase.HandedOver;
        }
        catch (Exception exception)
        {
            try
            {
                resume();
            }
            finally
            {
                FailGoing(run, exception);
            }
        }
    }

    private void FailGoing(UpdateRun run, Exception exception)
    {
        bool isStopped = _stop.IsCancellationRequested;
        string reason = isStopped ? "The agent stops." : exception is LiveUpdateException refusal ? refusal.Reason : exception.Message;
        lock (_lock)
            CallOff(run, isStopped ? LiveUpdateError.Shutdown : Errno.FromCallback(exception), reason);
    }

    private async Task PauseAsync()
    {
        using var limit = new CancellationTokenSource(BarrierTime, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _stop.Token);
        try
        {
            await host.PauseAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException exception) when (!_stop.IsCancellationRequested)
        {
            throw new LiveUpdateException(
                LiveUpdateError.TimedOut,
                $"All are ready, but requests on the device socket are under way for {BarrierTime.TotalSeconds} seconds.",
                exception);
        }
    }

    private void Begin(UpdateRun run, string phase)
    {
        lock (_lock)
        {
            if (_run == run && _phase == AgentUpdatePhase.Going)
                Enter(run, AgentUpdatePhase.Going, UpdatePayload.Tidy(phase));
        }
    }

    // The time to prepare or to claim is over.
    private void OnTime(UpdateRun run, AgentUpdatePhase phase)
    {
        lock (_lock)
        {
            if (_run != run || _phase != phase)
                return;
            if (phase == AgentUpdatePhase.Claiming)
                End(run);
            else
                OnSilence(run);
        }
    }

    private void OnSilence(UpdateRun run)
    {
        UpdateMember[] silent = [.. _members.Values.Where(static member => member.State == AgentSubscriberState.Preparing)];
        string names = string.Join(", ", silent.Select(static member => member.Name));
        if (!run.LeavesSilentBehind)
        {
            CallOff(run, LiveUpdateError.TimedOut, $"Subscribers were not ready in time: {names}");
            return;
        }

        UpdateLog.LeftBehind(logger, run.Number, names);
        foreach (UpdateMember member in silent)
            Reach(member, AgentSubscriberState.LeftBehind);
        Advance(run);
    }
}
