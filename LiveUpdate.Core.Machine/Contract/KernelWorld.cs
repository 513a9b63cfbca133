namespace LiveUpdate.Machine.Contract;

/// <summary>The real device.</summary>
internal sealed class KernelWorld : ContractWorld
{
    public override LiveUpdateDevice Open() => KernelDevice.Open();
}
