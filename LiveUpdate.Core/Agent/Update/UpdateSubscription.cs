using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace LiveUpdate.Agent;

/// <summary>Calls a program's subscriber, one method at a time, and answers the agent for it.</summary>
/// <param name="subscriber">The program's part.</param>
/// <param name="say">Sends a message.</param>
/// <param name="logger">Gets what the program threw where it refuses nothing.</param>
[SuppressMessage(
    "Design", "CA1001:Types that own disposable fields should be disposable",
    Justification = "A callback may look at its token to the last; neither has a timer.")]
internal sealed class UpdateSubscription(AgentSubscriber subscriber, Func<UpdateRequest, Task> say, ILogger logger)
{
    private readonly Channel<Func<Task>> _steps = Channel.CreateUnbounded<Func<Task>>(new() { SingleReader = true });
    private readonly CancellationTokenSource _lost = new();
    private readonly CancellationTokenSource _disposed = new();

    // Both belong to the thread that reads the connection.
    private UpdateRound? _round;
    private ulong? _claiming;

    /// <summary>Begins to call.</summary>
    public void Begin() => _ = Task.Run(RunAsync);

    /// <summary>The agent says something.</summary>
    public void Told(UpdateNotice notice)
    {
        switch (notice.Kind)
        {
            case UpdateMessageKind.Prepare:
                var round = new UpdateRound(notice.Number, notice.TimeLeft, _lost.Token);
                _round = round;
                Add(() => PrepareAsync(round));
                break;
            case UpdateMessageKind.Go when _round is { } going && going.Update == notice.Number:
                Add(() => GuardAsync(
                    nameof(subscriber.GoAsync), going.Update, token => subscriber.GoAsync(going.Update, token), going.Over));
                break;
            case UpdateMessageKind.CalledOff when _round?.Update == notice.Number:
                CallOff(new LiveUpdateException(notice.Error, notice.Text), _lost.Token);
                break;

            // An agent that died while this program claimed says it again.
            case UpdateMessageKind.Updated when _claiming != notice.Number:
                EndRound();
                _claiming = notice.Number;
                Add(() => ClaimAsync(notice));
                break;
        }
    }

    /// <summary>The agent died and came back, or is lost: an update that was under way is called off.</summary>
    public void Interrupted(LiveUpdateException reason)
    {
        if (_round is not null)
            CallOff(reason, _disposed.Token);
    }

    /// <summary>The connection has ended.</summary>
    /// <param name="reason">Why it is lost; null if this client closed it.</param>
    public void End(LiveUpdateException? reason)
    {
        if (reason is not null)
            Interrupted(reason);
        else
            _ = _disposed.CancelAsync();
        _ = _lost.CancelAsync();
        _steps.Writer.TryComplete();
    }

    private void Add(Func<Task> step) => _steps.Writer.TryWrite(step);

    private void EndRound()
    {
        _round?.End();
        _round = null;
    }

    private void CallOff(LiveUpdateException reason, CancellationToken cancellationToken)
    {
        ulong update = _round!.Update;
        EndRound();
        Add(() => GuardAsync(
            nameof(subscriber.CalledOffAsync), update, token => subscriber.CalledOffAsync(update, reason, token), cancellationToken));
    }

    private async Task RunAsync()
    {
        await foreach (Func<Task> step in _steps.Reader.ReadAllAsync().ConfigureAwait(false))
            await step().ConfigureAwait(false);
    }

    [SuppressMessage(
        "Design", "CA1031:Do not catch general exception types", Justification = "Whatever the program throws refuses the update.")]
    private async Task PrepareAsync(UpdateRound round)
    {
        UpdateMessageKind answer = UpdateMessageKind.Ready;
        string reason = "";
        using var time = CancellationTokenSource.CreateLinkedTokenSource(round.Over);
        try
        {
            time.CancelAfter(round.Preparation.TimeLeft);
            await subscriber.PrepareAsync(round.Preparation, time.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (time.IsCancellationRequested)
        {
            // The agent knows that the time is over, and whether that calls the update off.
            return;
        }
        catch (Exception exception)
        {
            answer = UpdateMessageKind.Refuse;
            reason = exception is LiveUpdateException refusal ? refusal.Reason : exception.Message;
        }

        await SayAsync(new UpdateRequest(answer) { Number = round.Update, Reason = UpdatePayload.Tidy(reason) }).ConfigureAwait(false);
    }

    private async Task ClaimAsync(UpdateNotice updated)
    {
        var claimed = Task.CompletedTask;
        var claim = new AgentClaim(updated.Number, updated.Generation, updated.TimeLeft, () =>
            claimed = SayAsync(new UpdateRequest(UpdateMessageKind.Claimed) { Number = updated.Number }));
        bool hasFinished = await GuardAsync(
            nameof(subscriber.ClaimAsync), updated.Number, token => subscriber.ClaimAsync(claim, token), _lost.Token).ConfigureAwait(false);
        if (!hasFinished)
            return;
        claim.Claimed();
        await claimed.ConfigureAwait(false);
        await SayAsync(new UpdateRequest(UpdateMessageKind.Finished) { Number = updated.Number }).ConfigureAwait(false);
    }

    [SuppressMessage(
        "Design", "CA1031:Do not catch general exception types", Justification = "Whatever the program throws is logged, and told to it.")]
    private async Task<bool> GuardAsync(string callback, ulong update, Func<CancellationToken, ValueTask> call, CancellationToken token)
    {
        try
        {
            await call(token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException) when (token.IsCancellationRequested)
        {
            return false;
        }
        catch (Exception exception)
        {
            UpdateLog.CallbackFailed(logger, callback, update, exception);
            try
            {
                subscriber.OnFailed(exception);
            }
            catch (Exception failure)
            {
                UpdateLog.CallbackFailed(logger, nameof(subscriber.OnFailed), update, failure);
            }

            return false;
        }
    }

    // What cannot be said any more, the loss of the connection has said.
    private async Task SayAsync(UpdateRequest request)
    {
        try
        {
            await say(request).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is LiveUpdateException or ObjectDisposedException)
        {
        }
    }
}
