using System.Diagnostics.CodeAnalysis;

namespace ZeroDowntimeServer.Serving;

/// <summary>Tells the server's loops to come to rest, and to go on. It asks; who holds a loop's turn is who makes sure.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A loop may look at it as long as there is one, and no source here has a timer.")]
internal sealed class Rest
{
    private CancellationTokenSource _begun = new();
    private TaskCompletionSource _over = new();

    public Rest() => _over.SetResult();

    /// <summary>Cancelled when rest begins: ends a wait that must not last into it.</summary>
    public CancellationToken Begun => _begun.Token;

    /// <summary>Completed while there is no rest.</summary>
    public Task Over => _over.Task;

    public void Begin()
    {
        _over = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _begun.Cancel();
    }

    public void End()
    {
        _begun = new CancellationTokenSource();
        _over.SetResult();
    }
}
