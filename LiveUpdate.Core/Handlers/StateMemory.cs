using LiveUpdate.Kho;

namespace LiveUpdate;

/// <summary>What a state handler keeps for each preserved memory it works with: one handler may serve several orchestrators.</summary>
internal sealed class StateMemory(string compatible)
{
    /// <summary>Who holds the pages of the handler's files.</summary>
    public PageOwner Owner { get; } = new(compatible);

    /// <summary>The memory beside the reserved rooms; the freeze uses it for one file at a time (reference C-14).</summary>
    public ScratchMemory Scratch { get; } = new();
}
