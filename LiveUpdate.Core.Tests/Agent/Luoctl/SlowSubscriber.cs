using LiveUpdate.Agent;

namespace LiveUpdate.Tests.Agent;

/// <summary>A program that gets ready when it is let, or refuses.</summary>
internal sealed class SlowSubscriber : AgentSubscriber
{
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void GetReady() => _ready.TrySetResult();

    public void Refuse(string reason) => _ready.TrySetException(new InvalidOperationException(reason));

    public override async ValueTask PrepareAsync(AgentPreparation preparation, CancellationToken cancellationToken) =>
        await _ready.Task.WaitAsync(cancellationToken);
}
