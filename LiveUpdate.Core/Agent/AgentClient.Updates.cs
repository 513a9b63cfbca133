namespace LiveUpdate.Agent;

// What makes an update.
public sealed partial class AgentClient
{
    /// <summary>Has the agent do an update, and waits until it is over. For administrators.</summary>
    /// <param name="options">How it is to go; null for the defaults.</param>
    /// <param name="progress">
    /// Gets every event of the update, on the thread that reads the connection; what it throws is ignored. Null for nobody.
    /// </param>
    /// <param name="cancellationToken">
    /// Calls the update off where that is still possible; otherwise the update goes on, and so does the wait for its end.
    /// </param>
    /// <returns>What was done.</returns>
    /// <remarks>The update does not depend on this client: it goes on when the connection is lost.</remarks>
    /// <exception cref="LiveUpdateException">
    /// The update was not started or is called off, with the reason in the message: EBUSY, another one is under way, or a subscriber
    /// refuses; ETIMEDOUT, subscribers have not answered in time; ECANCELED, somebody called it off; EINTR, the agent died and came back;
    /// EPERM, this user is no administrator; what the check found or the hand-over failed with. ECONNRESET: the connection is lost, and
    /// what became of the update is not known.
    /// </exception>
    /// <exception cref="OperationCanceledException">Cancelled, and the update is called off.</exception>
    /// <exception cref="ObjectDisposedException">The client is disposed.</exception>
    public async Task<AgentUpdateResult> UpdateAsync(
        AgentUpdateOptions? options = null, IProgress<AgentEvent>? progress = null, CancellationToken cancellationToken = default)
    {
        options ??= new AgentUpdateOptions();
        cancellationToken.ThrowIfCancellationRequested();
        var recorder = new UpdateRecorder(progress);

        // Not cancelled: an update that was started without its number being known could not be called off.
        await AskAsync(
            number => new(UpdateMessageKind.Start)
            {
                Number = number,
                PrepareTime = options.PrepareTime,
                ClaimTime = options.ClaimTime,
                LeavesSilentBehind = options.LeavesSilentBehind,
            },
            "update",
            CancellationToken.None,
            isRepeatable: false,
            answered: answer => Started(recorder, answer.Update)).ConfigureAwait(false);
        await using (cancellationToken.Register(() => _ = TryCancelAsync(recorder.Update)).ConfigureAwait(false))
        {
            try
            {
                return await recorder.Result.ConfigureAwait(false);
            }
            catch (LiveUpdateException exception)
                when (exception.Error == LiveUpdateError.Canceled && cancellationToken.IsCancellationRequested)
            {
                throw new OperationCanceledException(exception.Reason, exception, cancellationToken);
            }
        }
    }

    /// <summary>Calls an update off. For administrators.</summary>
    /// <param name="update">The number of the update (<see cref="AgentStatus.Update"/>).</param>
    /// <param name="cancellationToken">Calls the wait for the answer off.</param>
    /// <exception cref="LiveUpdateException">
    /// ENOENT: that update is not under way. EBUSY: it has gone too far. EPERM: this user is no administrator. EINTR: the agent died and
    /// came back, which calls the update off. ECONNRESET: the connection is lost.
    /// </exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The client is disposed.</exception>
    public Task CancelUpdateAsync(ulong update, CancellationToken cancellationToken = default) => AskAsync(
        number => new(UpdateMessageKind.Cancel) { Number = number, Update = update },
        "cancel update",
        cancellationToken,
        isRepeatable: false);

    /// <summary>Takes part in updates from now on, until this client is disposed. Once for each client.</summary>
    /// <param name="name">
    /// What the program calls itself before others: 1 to 63 bytes in UTF-8 without control characters. Others may have the same name.
    /// </param>
    /// <param name="subscriber">What is called; by one thread at a time.</param>
    /// <param name="cancellationToken">Calls the wait for the answer off.</param>
    /// <exception cref="ArgumentException">The name is not valid.</exception>
    /// <exception cref="ArgumentNullException"><paramref name="subscriber"/> is null.</exception>
    /// <exception cref="InvalidOperationException">This client has subscribed before.</exception>
    /// <exception cref="LiveUpdateException">ECONNRESET: the connection is lost.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; whether it takes part is not known then: dispose the client.</exception>
    /// <exception cref="ObjectDisposedException">The client is disposed.</exception>
    public Task SubscribeAsync(string name, AgentSubscriber subscriber, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(subscriber);
        if (!UpdatePayload.IsName(name))
            throw new ArgumentException(UpdatePayload.NameRule, nameof(name));
        var subscription = new UpdateSubscription(subscriber, _link.SayAsync, _logger);
        lock (_lock)
        {
            if (_subscription is not null)
                throw new InvalidOperationException("A client subscribes once.");
            (_subscription, _subscriberName) = (subscription, name);
        }

        subscription.Begin();
        return AskToSubscribeAsync(cancellationToken);
    }

    private Task<UpdateNotice> AskToSubscribeAsync(CancellationToken cancellationToken) => AskAsync(
        number => new(UpdateMessageKind.Subscribe) { Number = number, Name = _subscriberName! },
        "subscribe",
        cancellationToken,
        answered: _ => Subscribed());

    // It may be too late, or the update over: its outcome says so.
    private async Task TryCancelAsync(ulong update)
    {
        try
        {
            await CancelUpdateAsync(update, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is LiveUpdateException or ObjectDisposedException)
        {
        }
    }
}
