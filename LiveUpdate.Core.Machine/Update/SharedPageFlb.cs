using System.Runtime.InteropServices;
using LiveUpdate.Kho;

namespace LiveUpdate.Machine.Update;

/// <summary>An FLB that files of several handlers share: a page that says which generation made it. Counts its callbacks.</summary>
internal sealed class SharedPageFlb(string name, int generation) : Flb<SharedPage>(name)
{
    private static readonly PageOwner s_owner = new("shared page");

    public int Preserved { get; private set; }

    public int Retrieved { get; private set; }

    public int Finished { get; private set; }

    protected override void Preserve(ref FlbPreserveContext<SharedPage> context)
    {
        PhysicalAddress address = context.Memory.AllocatePreserved(sizeof(long), s_owner);
        MemoryMarshal.Write(context.Memory.GetSpan(address, sizeof(long)), (long)generation);
        context.Data = new DataHandle(address);
        context.Value = new SharedPage(generation);
        Preserved++;
    }

    protected override void Unpreserve(in FlbContext<SharedPage> context) => context.Memory.FreePreserved(context.Data.Address);

    protected override SharedPage Retrieve(ref FlbRetrieveContext context)
    {
        Retrieved++;
        var page = new SharedPage((int)MemoryMarshal.Read<long>(context.Memory.GetIncomingSpan(context.Data.Address, sizeof(long), "shared page")));
        context.Memory.TryRestoreAndFree(context.Data.Address);
        return page;
    }

    protected override void Finish(in FlbContext<SharedPage> context) => Finished++;
}
