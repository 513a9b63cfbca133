using System.Runtime.InteropServices;
using LiveUpdate.Abi;
using LiveUpdate.Kho;

namespace LiveUpdate.Tests.Infrastructure;

/// <summary>An FLB whose state lies in a page of preserved memory.</summary>
internal sealed class PageFlb(string compatible = "page-flb-v1") : Flb<FlbObject>(compatible)
{
    private const ulong Content = 0xF1B;

    private readonly PageOwner _owner = new(compatible);

    protected override void Preserve(ref FlbPreserveContext<FlbObject> context)
    {
        PhysicalAddress page = context.Memory.AllocatePreserved(LuoAbi.PageSize, _owner);
        MemoryMarshal.Write(context.Memory.GetSpan(page, sizeof(ulong)), Content);
        (context.Data, context.Value) = (new DataHandle(page), new FlbObject(Content, IsIncoming: false));
    }

    protected override void Unpreserve(in FlbContext<FlbObject> context) => context.Memory.FreePreserved(context.Data.Address);

    protected override void Verify(in FlbVerifyContext context) =>
        context.Memory.GetIncomingSpan(context.Data.Address, sizeof(ulong), "page of a test FLB");

    protected override FlbObject Retrieve(ref FlbRetrieveContext context)
    {
        var content = MemoryMarshal.Read<ulong>(context.Memory.GetIncomingSpan(context.Data.Address, sizeof(ulong), "page of a test FLB"));
        context.Memory.TryRestoreAndFree(context.Data.Address);
        return new FlbObject(content, IsIncoming: true);
    }

    protected override void Finish(in FlbContext<FlbObject> context)
    {
    }
}
