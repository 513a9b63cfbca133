namespace LiveUpdate.Tests.Infrastructure;

/// <summary>A handler with only the callbacks every handler must have (reference H-02); logs as <see cref="RecordingHandler"/>.</summary>
internal sealed class MinimalHandler(CallbackLog log, string compatible = "minimal-v1") : FileHandler<TestFile>(compatible)
{
    protected override void Preserve(ref PreserveContext<TestFile> context)
    {
        log.Record(new CallbackCall($"pre{context.File.Number}", context.Data.Value, context.File));
        context.Data = new DataHandle(1000 + (ulong)context.File.Number);
    }

    protected override void Unpreserve(in FileContext<TestFile> context) =>
        log.Record(new CallbackCall($"unp{context.File.Number}", context.Data.Value, context.File));

    protected override TestFile Retrieve(ref RetrieveContext context)
    {
        int number = RecordingHandler.NumberOf(context.Data);
        log.Record(new CallbackCall($"ret{number}", context.Data.Value));
        return new TestFile(number);
    }

    protected override void Finish(in FinishContext<TestFile> context) => log.Record(new CallbackCall(
        $"fin{RecordingHandler.NumberOf(context.Data)}", context.Data.Value, context.File, null, context.Status, context.Failure));
}
