using System.Runtime.InteropServices;
using LiveUpdate.Abi;
using LiveUpdate.Kho;

namespace LiveUpdate.Tests.Infrastructure;

/// <summary>
/// A handler whose files really lie in preserved memory, a page each, and that trusts nothing of what it gets: the data handle is the
/// address of a page that begins with the file's number.
/// </summary>
internal sealed class PageHandler(string compatible = "page-v1") : FileHandler<TestFile>(compatible)
{
    private readonly PageOwner _owner = new(compatible);

    /// <summary>The kind of file it takes.</summary>
    public string Kind { get; init; } = TestFile.DefaultKind;

    protected override bool CanPreserve(TestFile file) => file.Kind == Kind;

    protected override void Preserve(ref PreserveContext<TestFile> context)
    {
        PhysicalAddress page = context.Memory.AllocatePreserved(LuoAbi.PageSize, _owner);
        MemoryMarshal.Write(context.Memory.GetSpan(page, sizeof(int)), context.File.Number);
        context.Data = new DataHandle(page);
    }

    protected override void Unpreserve(in FileContext<TestFile> context) => context.Memory.FreePreserved(context.Data.Address);

    protected override void Verify(in VerifyContext context) => Read(context.Memory, context.Data);

    protected override TestFile Retrieve(ref RetrieveContext context)
    {
        int number = Read(context.Memory, context.Data);
        Discard(context.Memory, context.Data);
        return new TestFile(number, Kind);
    }

    protected override void Finish(in FinishContext<TestFile> context)
    {
        if (context.Status != FileStatus.Retrieved)
            Discard(context.Memory, context.Data);
    }

    private static int Read(KexecHandover memory, DataHandle data) =>
        MemoryMarshal.Read<int>(memory.GetIncomingSpan(data.Address, sizeof(int), "page of a test file"));

    private static void Discard(KexecHandover memory, DataHandle data)
    {
        if (!memory.TryRestoreAndFree(data.Address))
            throw new LiveUpdateException(LiveUpdateError.InputOutput, $"No page was preserved at {data.Address}.");
    }
}
