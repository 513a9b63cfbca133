namespace LiveUpdate.Tests.Infrastructure;

/// <summary>An FLB of the scenarios: logs <c>A.pre, A.unp, A.ret, A.fin</c>; what else a callback does is in the log's script.</summary>
/// <param name="log">Gets the calls.</param>
/// <param name="name">Its name in the trace.</param>
/// <param name="compatible">Its compatible string; the name unless given.</param>
/// <param name="data">Its data handle; 500 and the name's first letter unless given.</param>
internal sealed class RecordingFlb(CallbackLog log, string name, string? compatible = null, ulong? data = null)
    : Flb<FlbObject>(compatible ?? name)
{
    public ulong Handle { get; } = data ?? 500 + (ulong)name[0];

    /// <summary>Whether <c>preserve</c> sets an object.</summary>
    public bool SetsObject { get; init; } = true;

    protected override void Preserve(ref FlbPreserveContext<FlbObject> context)
    {
        log.Record(new CallbackCall($"{name}.pre", context.Data.Value, context.Value));
        context.Data = new DataHandle(Handle);
        context.Value = SetsObject ? new FlbObject(Handle, IsIncoming: false) : null;
    }

    protected override void Unpreserve(in FlbContext<FlbObject> context) =>
        log.Record(new CallbackCall($"{name}.unp", context.Data.Value, context.Value));

    protected override void Verify(in FlbVerifyContext context) => log.Run($"{name}.ver");

    protected override FlbObject Retrieve(ref FlbRetrieveContext context)
    {
        log.Record(new CallbackCall($"{name}.ret", context.Data.Value));
        return new FlbObject(context.Data.Value, IsIncoming: true);
    }

    protected override void Finish(in FlbContext<FlbObject> context) =>
        log.Record(new CallbackCall($"{name}.fin", context.Data.Value, context.Value));
}
