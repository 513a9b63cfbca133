using LiveUpdate.Abi;
using LiveUpdate.Kho;

namespace LiveUpdate.Tests.Faults;

/// <summary>The pages of one handler or FLB, under an owner of each generation's own.</summary>
internal sealed class FaultyPages(string name)
{
    private KexecHandover? _memory;
    private PageOwner _owner = new(name);

    public PhysicalAddress Allocate(KexecHandover memory)
    {
        if (memory != _memory)
            (_memory, _owner) = (memory, new PageOwner(name));
        return memory.AllocatePreserved(LuoAbi.PageSize, _owner);
    }

    /// <summary>Takes a page for a moment: a step that can fail.</summary>
    public void Borrow(KexecHandover memory) => memory.FreePreserved(Allocate(memory));
}
