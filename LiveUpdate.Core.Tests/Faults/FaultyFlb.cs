using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Faults;

/// <summary>An FLB with a page of preserved memory, each callback of which can fail; what cannot refuse fails after its work.</summary>
internal sealed class FaultyFlb(string name, FaultPlan plan, FaultLedger ledger) : Flb<FlbObject>(name)
{
    private readonly FaultyPages _pages = new(name);

    protected override void Preserve(ref FlbPreserveContext<FlbObject> context)
    {
        (context.Data, context.Value) = (new DataHandle(1), new FlbObject(1, IsIncoming: false));
        plan.Callback("FLB preserve", Compatible);
        PhysicalAddress page = _pages.Allocate(context.Memory);
        (context.Data, context.Value) = (new DataHandle(page), new FlbObject(page.Value, IsIncoming: false));
        ledger.MoveOutgoingFlb(Compatible, FlbPhase.Idle, FlbPhase.Held);
    }

    protected override void Unpreserve(in FlbContext<FlbObject> context)
    {
        ledger.MoveOutgoingFlb(Compatible, FlbPhase.Held, FlbPhase.Idle);
        context.Memory.FreePreserved(context.Data.Address);
        plan.Callback("FLB unpreserve", Compatible);
    }

    protected override void Verify(in FlbVerifyContext context)
    {
        plan.Callback("FLB verify", Compatible);
        context.Memory.GetIncomingSpan(context.Data.Address, sizeof(ulong), "page of a faulty FLB");
    }

    // The page is given back in any case: whoever fails has nobody who discards it later (reference G-24).
    protected override FlbObject Retrieve(ref FlbRetrieveContext context)
    {
        ledger.MoveIncomingFlb(Compatible, FlbPhase.Dormant, FlbPhase.Failed);
        context.Memory.TryRestoreAndFree(context.Data.Address);
        _pages.Borrow(context.Memory);
        plan.Callback("FLB retrieve", Compatible);
        ledger.MoveIncomingFlb(Compatible, FlbPhase.Failed, FlbPhase.Live);
        return new FlbObject(context.Data.Value, IsIncoming: true);
    }

    protected override void Finish(in FlbContext<FlbObject> context)
    {
        ledger.MoveIncomingFlb(Compatible, FlbPhase.Live, FlbPhase.Finished);
        plan.Callback("FLB finish", Compatible);
    }
}
