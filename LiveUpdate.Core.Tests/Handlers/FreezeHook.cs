using LiveUpdate.Kho;

namespace LiveUpdate.Tests.Handlers;

/// <summary>A file that runs an action when it is frozen, after the files preserved before it.</summary>
internal sealed class FreezeHook(Action<KexecHandover> action)
{
    public Action<KexecHandover> Action { get; } = action;
}

internal sealed class FreezeHookHandler() : FileHandler<FreezeHook>("freeze-hook")
{
    protected override void Preserve(ref PreserveContext<FreezeHook> context)
    {
    }

    protected override void Unpreserve(in FileContext<FreezeHook> context)
    {
    }

    protected override void Freeze(ref FreezeContext<FreezeHook> context) => context.File.Action(context.Memory);

    protected override FreezeHook Retrieve(ref RetrieveContext context) => new(_ => { });

    protected override void Finish(in FinishContext<FreezeHook> context)
    {
    }
}
