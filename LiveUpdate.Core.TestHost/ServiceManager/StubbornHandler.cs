namespace LiveUpdate.TestHost.ServiceManager;

/// <summary>Refuses to freeze.</summary>
internal sealed class StubbornHandler() : FileHandler<StubbornFile>("stubborn-v1")
{
    protected override void Preserve(ref PreserveContext<StubbornFile> context) => context.Data = new DataHandle(1);

    protected override void Freeze(ref FreezeContext<StubbornFile> context) =>
        throw new LiveUpdateException(LiveUpdateError.Busy, "It does not freeze.");

    protected override void Unpreserve(in FileContext<StubbornFile> context)
    {
    }

    protected override StubbornFile Retrieve(ref RetrieveContext context) => new();

    protected override void Finish(in FinishContext<StubbornFile> context)
    {
    }
}
