namespace LiveUpdate.Tests.Infrastructure;

/// <summary>
/// The handler H of the scenarios: takes files of its kind, and logs <c>can, pre, unp, frz, unf, ret, cfin, fin</c> with the file's number.
/// The data handle of file i is 1000 + i, and a freeze adds 10000.
/// </summary>
/// <remarks>What else a callback does is in the log's script, by the names of the trace; <c>ver1</c> and <c>id1</c> leave none.</remarks>
internal sealed class RecordingHandler(CallbackLog log, string compatible = "test-v1") : FileHandler<TestFile>(compatible)
{
    private const ulong FirstHandle = 1000;
    private const ulong FrozenHandle = 10000;

    public CallbackLog Log { get; } = log;

    /// <summary>The kind of file it takes.</summary>
    public string Kind { get; init; } = TestFile.DefaultKind;

    /// <summary>Written before every name in the trace.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>The id of a file; null for the identity of the object.</summary>
    public Func<TestFile, FileId?>? Id { get; init; }

    /// <summary>Runs in preserve, unpreserve and retrieve beside the script: for what needs preserved memory or an FLB.</summary>
    public PreserveAction? OnPreserve { get; init; }

    public delegate void PreserveAction(ref PreserveContext<TestFile> context);

    /// <summary>A handler with FLBs in link order.</summary>
    public RecordingHandler DependingOn(params Flb[] flbs)
    {
        foreach (Flb flb in flbs)
            DependsOn.Add(flb);
        return this;
    }

    /// <summary>The number of the file that a data handle belongs to.</summary>
    public static int NumberOf(DataHandle data) => (int)((data.Value - FirstHandle) % FrozenHandle);

    protected override bool CanPreserve(TestFile file) =>
        Log.Record(new CallbackCall($"{Prefix}can{file.Number}", Object: file)) && file.Kind == Kind;

    protected override FileId? GetId(TestFile file)
    {
        Log.Run($"{Prefix}id{file.Number}");
        return Id?.Invoke(file);
    }

    protected override void Preserve(ref PreserveContext<TestFile> context)
    {
        Log.Record(new CallbackCall($"{Prefix}pre{context.File.Number}", context.Data.Value, context.File, context.State));
        OnPreserve?.Invoke(ref context);
        context.Data = new DataHandle(FirstHandle + (ulong)context.File.Number);
        context.State = $"state {context.File.Number}";
    }

    protected override void Unpreserve(in FileContext<TestFile> context) =>
        Log.Record(new CallbackCall($"{Prefix}unp{context.File.Number}", context.Data.Value, context.File, context.State));

    protected override void Freeze(ref FreezeContext<TestFile> context)
    {
        ulong data = context.Data.Value;
        context.Data = new DataHandle(data + FrozenHandle);
        Log.Record(new CallbackCall($"{Prefix}frz{context.File.Number}", data, context.File, context.State));
    }

    protected override void Unfreeze(in FileContext<TestFile> context) =>
        Log.Record(new CallbackCall($"{Prefix}unf{context.File.Number}", context.Data.Value, context.File, context.State));

    protected override void Verify(in VerifyContext context) => Log.Run($"{Prefix}ver{NumberOf(context.Data)}");

    protected override TestFile Retrieve(ref RetrieveContext context)
    {
        int number = NumberOf(context.Data);
        Log.Record(new CallbackCall($"{Prefix}ret{number}", context.Data.Value, State: context.Kept));
        return new TestFile(number, Kind);
    }

    protected override bool CanFinish(in FinishContext<TestFile> context) =>
        Log.Record(Finishing("cfin", context));

    protected override void Finish(in FinishContext<TestFile> context) => Log.Record(Finishing("fin", context));

    private CallbackCall Finishing(string name, in FinishContext<TestFile> context) => new(
        $"{Prefix}{name}{NumberOf(context.Data)}", context.Data.Value, context.File, Status: context.Status, Failure: context.Failure);
}
