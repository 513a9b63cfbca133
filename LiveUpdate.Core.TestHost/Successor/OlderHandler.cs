namespace LiveUpdate.TestHost.Successor;

/// <summary>A text in the data handle's stead: version 2 can write what version 1 and version 0 read.</summary>
internal sealed class OlderHandler(int version) : FileHandler<OlderFile>($"older-v{version}")
{
    public override IReadOnlyList<string> WritesAlso => version == 2 ? ["older-v0", "older-v1"] : [];

    protected override void Preserve(ref PreserveContext<OlderFile> context) => context.Data = new DataHandle(1);

    protected override void Unpreserve(in FileContext<OlderFile> context)
    {
    }

    protected override void Freeze(ref FreezeContext<OlderFile> context) => context.Data = new DataHandle(context.Compatible == "older-v1" ? 101UL : 102UL);

    protected override OlderFile Retrieve(ref RetrieveContext context) => new(context.Data.Value, context.Compatible);

    protected override void Finish(in FinishContext<OlderFile> context)
    {
    }
}
