namespace LiveUpdate.TestHost.Successor;

/// <summary>Takes its time to verify.</summary>
internal sealed class SlowCheckHandler(TimeSpan time) : FileHandler<SlowFile>("slow-v1")
{
    protected override void Preserve(ref PreserveContext<SlowFile> context) => context.Data = new DataHandle(1);

    protected override void Unpreserve(in FileContext<SlowFile> context)
    {
    }

    protected override void Verify(in VerifyContext context) => Thread.Sleep(time);

    protected override SlowFile Retrieve(ref RetrieveContext context) => new();

    protected override void Finish(in FinishContext<SlowFile> context)
    {
    }
}
