namespace LiveUpdate.Machine.Contract;

/// <summary>A device did something else than the contract says.</summary>
internal sealed class ContractException(string message) : Exception(message);
