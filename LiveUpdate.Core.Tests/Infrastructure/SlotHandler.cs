using System.Runtime.InteropServices;

namespace LiveUpdate.Tests.Infrastructure;

/// <summary>A handler of real descriptors, each carried in a descriptor slot; logs <c>pre, unp, ret, fin</c> with the token.</summary>
internal sealed class SlotHandler(CallbackLog log, string compatible = "slot-v1") : FileHandler<SafeHandle>(compatible)
{
    protected override void Preserve(ref PreserveContext<SafeHandle> context)
    {
        log.Record(new CallbackCall($"pre{context.Token.Value}", context.Data.Value, context.File));
        context.Data = new DataHandle((ulong)context.Descriptors.Add(context.File));
    }

    protected override void Unpreserve(in FileContext<SafeHandle> context)
    {
        log.Record(new CallbackCall($"unp{context.Token.Value}", context.Data.Value, context.File));
        context.Descriptors.Remove((int)context.Data.Value);
    }

    protected override SafeHandle Retrieve(ref RetrieveContext context)
    {
        log.Record(new CallbackCall($"ret{context.Token.Value}", context.Data.Value));
        return context.Descriptors.Take((int)context.Data.Value);
    }

    protected override void Finish(in FinishContext<SafeHandle> context)
    {
        log.Record(new CallbackCall($"fin{context.Token.Value}", context.Data.Value, context.File, Status: context.Status));
        if (context.Status != FileStatus.Retrieved)
            context.Descriptors.Release((int)context.Data.Value);
    }
}
