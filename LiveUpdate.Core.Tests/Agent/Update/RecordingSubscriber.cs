using System.Threading.Channels;
using LiveUpdate.Agent;

namespace LiveUpdate.Tests.Agent;

/// <summary>A program's part in updates, which notes what is called and does what the test says.</summary>
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
internal sealed class RecordingSubscriber : AgentSubscriber
{
    private readonly Channel<string> _calls = Channel.CreateUnbounded<string>();

    public Func<AgentPreparation, CancellationToken, Task> Preparing { get; set; } = static (_, _) => Task.CompletedTask;

    public Func<CancellationToken, Task> GoingOn { get; set; } = static _ => Task.CompletedTask;

    public Func<AgentClaim, CancellationToken, Task> Claiming { get; set; } = static (_, _) => Task.CompletedTask;

    /// <summary>The next call: its name, and the number of the update, or the error.</summary>
    public async Task<string> NextAsync() => await _calls.Reader.ReadAsync().AsTask().WaitAsync(UpdateLab.Limit);

    /// <summary>Calls that nobody has looked at.</summary>
    public int Waiting => _calls.Reader.Count;

    public override async ValueTask PrepareAsync(AgentPreparation preparation, CancellationToken cancellationToken)
    {
        _calls.Writer.TryWrite($"prepare {preparation.Update}");
        await Preparing(preparation, cancellationToken);
    }

    public override async ValueTask GoAsync(ulong update, CancellationToken cancellationToken)
    {
        _calls.Writer.TryWrite($"go {update}");
        await GoingOn(cancellationToken);
    }

    public override ValueTask CalledOffAsync(ulong update, LiveUpdateException reason, CancellationToken cancellationToken)
    {
        _calls.Writer.TryWrite($"called off {update} {reason.Error}");
        return default;
    }

    public override async ValueTask ClaimAsync(AgentClaim claim, CancellationToken cancellationToken)
    {
        _calls.Writer.TryWrite($"claim {claim.Update} {claim.Generation}");
        await Claiming(claim, cancellationToken);
    }

    public override void OnFailed(Exception exception) => _calls.Writer.TryWrite($"failed {exception.Message}");
}
