using System.Threading.Channels;

namespace LiveUpdate.Agent;

// What the agent says unasked, in order, on the thread that reads the connection; and its death and return.
public sealed partial class AgentClient
{
    private readonly List<Channel<AgentEvent>> _watches = [];
    private UpdateSubscription? _subscription;
    private string? _subscriberName;
    private UpdateRecorder? _recorder;
    private Exception? _ended;

    // How often the agent came back, and when it last took what it forgets when it dies.
    private int _life;
    private int _subscribedIn = -1;
    private int _watchedIn = -1;

    private void Told(UpdateNotice notice)
    {
        switch (notice.Kind)
        {
            case UpdateMessageKind.Restarted:
                _life++;
                var reason = new LiveUpdateException(
                    LiveUpdateError.Interrupted, "The agent died and came back, which calls the update off.");
                Interlocked.Exchange(ref _recorder, null)?.Fail(reason);
                _subscription?.Interrupted(reason);
                _ = GreetAgainAsync();
                break;
            case UpdateMessageKind.Event:
                Happened(notice.Event!);
                break;
            case UpdateMessageKind.CalledOff or UpdateMessageKind.Over when _recorder is { } recorder && recorder.Update == notice.Number:
                _recorder = null;
                if (notice.Kind == UpdateMessageKind.Over)
                    recorder.Complete(notice);
                else
                    recorder.Fail(Refusal.Create(notice.Error, "update", notice.Text));
                break;
        }

        // May be the answer to a subscription whose caller has gone: it is told all the same.
        _subscription?.Told(notice);
    }

    private void Happened(AgentEvent happened)
    {
        if (_recorder is { } recorder && recorder.Update == happened.Update)
            recorder.Add(happened);
        lock (_lock)
        {
            _watches.RemoveAll(events => !events.Writer.TryWrite(happened));
        }
    }

    private void Started(UpdateRecorder recorder, ulong update)
    {
        recorder.Update = update;
        _recorder = recorder;
    }

    private void Subscribed() => _subscribedIn = _life;

    private void Watched(Channel<AgentEvent> events)
    {
        _watchedIn = _life;
        lock (_lock)
        {
            _watches.Add(events);
            if (_ended is not null)
                events.Writer.TryComplete(_ended);
        }
    }

    private void Greeted(UpdateNotice welcome)
    {
        _agent = welcome.Agent;
        if (_life == 0)
            return;

        // Answers come in the order of the requests: whatever was asked before this hello and has no answer, the agent took with it.
        _link.Interrupt(welcome.Number);
        UpdateLog.AgentRestarted(_logger, welcome.Agent!.ProcessId);
        if (_subscribedIn >= 0 && _subscribedIn != _life)
            Forget(AskToSubscribeAsync(CancellationToken.None));
        if (_watchedIn >= 0 && _watchedIn != _life)
        {
            Forget(AskAsync(
                static number => new(UpdateMessageKind.Watch) { Number = number },
                "watch",
                CancellationToken.None,
                answered: _ => _watchedIn = _life));
        }
    }

    private async Task GreetAgainAsync()
    {
        try
        {
            await GreetAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is LiveUpdateException or ObjectDisposedException)
        {
            // The connection is lost, which everybody hears; or the agent speaks otherwise now, and will say so to each request.
        }
    }

    // It fails only with the connection, which everybody hears.
    private static void Forget(Task task) => _ = task.ContinueWith(
        static ended => _ = ended.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    private async Task EndAsync()
    {
        LiveUpdateException? reason = null;
        try
        {
            await _link.Completion.ConfigureAwait(false);
        }
        catch (LiveUpdateException exception)
        {
            reason = exception;
        }

        Exception end = reason ?? (Exception)new ObjectDisposedException(nameof(AgentClient));
        Interlocked.Exchange(ref _recorder, null)?.Fail(end);
        lock (_lock)
        {
            _ended = end;
            foreach (Channel<AgentEvent> events in _watches)
                events.Writer.TryComplete(end);
        }

        _subscription?.End(reason);
        if (reason is not null)
            throw reason;
    }
}
