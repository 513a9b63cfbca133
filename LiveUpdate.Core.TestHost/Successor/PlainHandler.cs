namespace LiveUpdate.TestHost.Successor;

/// <summary>Retrieves what another process preserved under some compatible string, as an object without content.</summary>
internal sealed class PlainHandler(string compatible) : FileHandler<object>(compatible)
{
    protected override void Preserve(ref PreserveContext<object> context) => context.Data = new DataHandle(1);

    protected override void Unpreserve(in FileContext<object> context)
    {
    }

    protected override object Retrieve(ref RetrieveContext context) => new();

    protected override void Finish(in FinishContext<object> context)
    {
    }
}
