using System.Threading.Channels;
using LiveUpdate.Agent;

namespace LiveUpdate.TestHost.Agent;

/// <summary>Says what it is told, and goes on when it is told to.</summary>
internal sealed class WorkerSubscriber : AgentSubscriber
{
    private readonly Channel<bool> _steps = Channel.CreateUnbounded<bool>();

    public void GoOn() => _steps.Writer.TryWrite(true);

    public override async ValueTask PrepareAsync(AgentPreparation preparation, CancellationToken cancellationToken)
    {
        Scenario.Say("! prepare");
        await _steps.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
    }

    public override ValueTask GoAsync(ulong update, CancellationToken cancellationToken)
    {
        Scenario.Say("! go");
        return default;
    }

    public override ValueTask CalledOffAsync(ulong update, LiveUpdateException reason, CancellationToken cancellationToken)
    {
        Scenario.Say($"! called off {reason.Error}");
        return default;
    }

    public override async ValueTask ClaimAsync(AgentClaim claim, CancellationToken cancellationToken)
    {
        Scenario.Say("! updated");
        await _steps.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        claim.Claimed();
        Scenario.Say("! claimed");
        await _steps.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
    }
}
