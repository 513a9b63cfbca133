using System.Runtime.InteropServices;
using LiveUpdate.Abi;
using LiveUpdate.Kho;
using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Faults;

/// <summary>
/// A handler whose files have a page of preserved memory each, and each callback of which can fail: one that can refuse before its work, but
/// with results set that must not count; one that cannot refuse after it.
/// </summary>
internal sealed class FaultyHandler : FileHandler<TestFile>
{
    private readonly string _kind;
    private readonly FaultPlan _plan;
    private readonly FaultLedger _ledger;
    private readonly FaultyPages _pages;

    public FaultyHandler(string kind, FaultPlan plan, FaultLedger ledger, params FaultyFlb[] flbs)
        : base($"{kind}-v1")
    {
        (_kind, _plan, _ledger, _pages, Flbs) = (kind, plan, ledger, new FaultyPages(kind), flbs);
        foreach (FaultyFlb flb in flbs)
            DependsOn.Add(flb);
    }

    public FaultyFlb[] Flbs { get; }

    /// <summary>Whether a file asks for the first FLB when it is retrieved; the others leave it to the orchestrator.</summary>
    public bool AsksFor(int number) => Flbs.Length > 0 && number % 2 == 0;

    protected override bool CanPreserve(TestFile file)
    {
        _plan.Callback("can preserve", Compatible);
        return file.Kind == _kind;
    }

    protected override FileId? GetId(TestFile file)
    {
        LedgerFile? retrieved = _ledger.Incoming.Values.FirstOrDefault(entry => entry.Object == file);
        retrieved?.HasNoId = true;
        _plan.Callback("get id", Compatible);
        retrieved?.HasNoId = false;
        return null;
    }

    protected override void Preserve(ref PreserveContext<TestFile> context)
    {
        if (context.Data.Value != 0 || context.State is not null)
            _ledger.Violations.Add($"{context.SessionName} {context.Token}: the results of an attempt that failed were kept");
        (context.Data, context.State) = (new DataHandle(1), "an attempt");
        _plan.Callback("preserve", Compatible);
        foreach (FaultyFlb flb in Flbs)
            Assert.That(context.GetFlb(flb), Is.Not.Null);
        PhysicalAddress page = _pages.Allocate(context.Memory);
        MemoryMarshal.Write(context.Memory.GetSpan(page, sizeof(int)), context.File.Number);
        context.Data = new DataHandle(page);
        _ledger.Preserve(context.SessionName, context.Token, new LedgerFile(this, context.File.Number) { Data = page.Value });
    }

    protected override void Unpreserve(in FileContext<TestFile> context)
    {
        _ledger.Unpreserve(context.SessionName, context.Token, context.Data.Value);
        context.Memory.FreePreserved(PageOf(context.Data));
        _plan.Callback("unpreserve", Compatible);
    }

    // A freeze that succeeds leaves its mark in the low bits of the handle, and one that fails none (reference F-34, F-37).
    protected override void Freeze(ref FreezeContext<TestFile> context)
    {
        LedgerFile file = _ledger.Freeze(context.SessionName, context.Token, context.Data.Value);
        context.Data = new DataHandle(context.Data.Value + 1);
        _plan.Callback("freeze", Compatible);
        (file.Phase, file.Data) = (FilePhase.Frozen, context.Data.Value);
    }

    protected override void Unfreeze(in FileContext<TestFile> context)
    {
        _ledger.Unfreeze(context.SessionName, context.Token, context.Data.Value);
        _plan.Callback("unfreeze", Compatible);
    }

    protected override void Verify(in VerifyContext context)
    {
        _plan.Callback("verify", Compatible);
        Read(context.Memory, context.Data);
    }

    protected override TestFile Retrieve(ref RetrieveContext context)
    {
        LedgerFile file = _ledger.Retrieve(context.SessionName, context.Token, context.Data.Value);
        try
        {
            _plan.Callback("retrieve", Compatible);
            if (AsksFor(file.Number))
                context.GetFlb(Flbs[0]);
            _pages.Borrow(context.Memory);
        }
        catch (Exception exception)
        {
            file.Failure = exception;
            throw;
        }

        int number = Read(context.Memory, context.Data);
        Discard(context.Memory, context.Data);
        file.Phase = FilePhase.Retrieved;
        return file.Object = new TestFile(number, _kind);
    }

    protected override bool CanFinish(in FinishContext<TestFile> context)
    {
        _plan.Callback("can finish", Compatible);
        return true;
    }

    protected override void Finish(in FinishContext<TestFile> context)
    {
        LedgerFile file = _ledger.Finish(context.SessionName, context.Token, context.Data.Value, context.Status, context.File);
        if (file.Object is null)
            Discard(context.Memory, context.Data);
        _plan.Callback("finish", Compatible);
    }

    private static PhysicalAddress PageOf(DataHandle data) => new(data.Value & ~(ulong)(LuoAbi.PageSize - 1));

    private static int Read(KexecHandover memory, DataHandle data) =>
        MemoryMarshal.Read<int>(memory.GetIncomingSpan(PageOf(data), sizeof(int), "page of a faulty file"));

    private void Discard(KexecHandover memory, DataHandle data)
    {
        if (!memory.TryRestoreAndFree(PageOf(data)))
            _ledger.Violations.Add($"No page was preserved at {PageOf(data)}.");
    }
}
