namespace LiveUpdate.Benchmarks;

/// <summary>
/// A handler that does nothing, so that what is measured is the library. What it gives out when a file is retrieved was made before, in the
/// order of asking, as if it had just been allocated.
/// </summary>
internal sealed class NoOpHandler(FileObject[] retrieved) : FileHandler<FileObject>("no-op-v1")
{
    private int _next;

    /// <summary>Begins again to give out objects.</summary>
    public void Rewind() => _next = 0;

    protected override void Preserve(ref PreserveContext<FileObject> context) => context.Data = new DataHandle(1);

    protected override void Unpreserve(in FileContext<FileObject> context)
    {
    }

    protected override FileObject Retrieve(ref RetrieveContext context) => retrieved[_next++];

    protected override void Finish(in FinishContext<FileObject> context)
    {
    }
}
