namespace LiveUpdate.TestHost.Successor.Rounds;

/// <summary>
/// Stops the owner at the freeze and lets it act again at the unfreeze, as a hypervisor's handler stops and starts its guest: the lock and
/// the ledger show when who acts.
/// </summary>
internal sealed class OwnerHandler(Ledger ledger) : FileHandler<Ledger>("owner-v1")
{
    public int Round { get; set; }

    protected override void Preserve(ref PreserveContext<Ledger> context) => context.Data = new DataHandle(1);

    protected override void Unpreserve(in FileContext<Ledger> context)
    {
    }

    protected override void Freeze(ref FreezeContext<Ledger> context)
    {
        ledger.Enter(LedgerEvent.Freezes, Round);
        ledger.Unlock();
    }

    protected override void Unfreeze(in FileContext<Ledger> context)
    {
        ledger.Lock(Round);
        ledger.Enter(LedgerEvent.Thaws, Round);
    }

    protected override Ledger Retrieve(ref RetrieveContext context) => ledger;

    protected override void Finish(in FinishContext<Ledger> context)
    {
    }
}
