namespace LiveUpdate.Tests.Infrastructure;

/// <summary>A handler that does nothing but change the data handle, so that what a test measures is the library's.</summary>
internal sealed class QuietHandler(string compatible = "quiet-v1") : FileHandler<object>(compatible)
{
    /// <summary>What <see cref="Retrieve"/> gives out; a new object unless given.</summary>
    public object? Shared { get; init; }

    protected override void Preserve(ref PreserveContext<object> context) => context.Data = new DataHandle(1);

    protected override void Unpreserve(in FileContext<object> context)
    {
    }

    protected override void Freeze(ref FreezeContext<object> context) => context.Data = new DataHandle(context.Data.Value + context.Token.Value);

    protected override object Retrieve(ref RetrieveContext context) => Shared ?? new object();

    protected override void Finish(in FinishContext<object> context)
    {
    }
}
