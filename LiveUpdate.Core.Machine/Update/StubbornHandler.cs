namespace LiveUpdate.Machine.Update;

internal sealed class StubbornHandler() : FileHandler<StubbornFile>("stubborn-v1")
{
    protected override void Preserve(ref PreserveContext<StubbornFile> context) => context.Data = new DataHandle(1);

    protected override void Unpreserve(in FileContext<StubbornFile> context)
    {
    }

    protected override void Freeze(ref FreezeContext<StubbornFile> context)
    {
        if (context.File.Refuses)
            throw new LiveUpdateException(LiveUpdateError.TimerExpired, "The file does not freeze.");
        context.File.Frozen++;
    }

    protected override void Unfreeze(in FileContext<StubbornFile> context) => context.File.Unfrozen++;

    protected override StubbornFile Retrieve(ref RetrieveContext context) => new();

    protected override void Finish(in FinishContext<StubbornFile> context)
    {
    }
}
