namespace LiveUpdate.Machine.Contract;

/// <summary>Marks a step of the contract: the tests look for it, and compare what they find with the table.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ContractStepAttribute : Attribute;
