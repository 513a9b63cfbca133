using LiveUpdate.Machine.Contract;

namespace LiveUpdate.Tests.Contract;

/// <summary>The managed device of one generation.</summary>
internal sealed class ManagedWorld(LiveUpdateOrchestrator orchestrator) : ContractWorld
{
    public override LiveUpdateDevice Open() => orchestrator.OpenDevice();
}
