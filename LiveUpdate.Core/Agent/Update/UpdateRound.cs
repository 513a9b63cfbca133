namespace LiveUpdate.Agent;

/// <summary>An update in which a subscriber was told to prepare, until it is called off or done.</summary>
/// <param name="update">The number of the update.</param>
/// <param name="timeLeft">How long it may prepare.</param>
/// <param name="lost">Cancelled when the connection is lost, or the client disposed.</param>
internal sealed class UpdateRound(ulong update, TimeSpan timeLeft, CancellationToken lost)
{
    private readonly CancellationTokenSource _over = CancellationTokenSource.CreateLinkedTokenSource(lost);

    /// <summary>The number of the update.</summary>
    public ulong Update => update;

    /// <summary>What the program is told.</summary>
    public AgentPreparation Preparation { get; } = new(update, timeLeft);

    /// <summary>Cancelled when the update is called off or done, or the connection lost.</summary>
    public CancellationToken Over => _over.Token;

    /// <summary>Cancels what the program does for it.</summary>
    public void End() => _ = _over.CancelAsync();
}
