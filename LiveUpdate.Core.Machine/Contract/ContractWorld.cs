namespace LiveUpdate.Machine.Contract;

/// <summary>What a step of the contract works on: one kind of device.</summary>
internal abstract class ContractWorld
{
    /// <summary>Opens the control device, which has one opener at a time.</summary>
    public abstract LiveUpdateDevice Open();
}
