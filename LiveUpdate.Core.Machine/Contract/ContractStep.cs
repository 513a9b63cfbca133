namespace LiveUpdate.Machine.Contract;

/// <summary>One step: what is done before the update, and what must be found after it.</summary>
/// <param name="Name">The name of the method in <see cref="DeviceContract"/>.</param>
/// <param name="Before">In the generation before.</param>
/// <param name="After">In the generation after; null if nothing of it gets there.</param>
internal sealed record ContractStep(string Name, Action<ContractWorld> Before, Action<ContractWorld>? After);
