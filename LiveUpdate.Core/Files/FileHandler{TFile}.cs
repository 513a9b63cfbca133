using System.Runtime.CompilerServices;

namespace LiveUpdate;

/// <summary>A file handler for files that are <typeparamref name="TFile"/> (reference 4.4).</summary>
/// <typeparam name="TFile">
/// The kind of object. A handler of <see cref="System.Runtime.InteropServices.SafeHandle"/> also takes sockets and file streams, by their
/// handles.
/// </typeparam>
/// <remarks>
/// A callback refuses by throwing: a <see cref="LiveUpdateException"/> keeps its errno, <see cref="OutOfMemoryException"/> is ENOMEM,
/// <see cref="UnauthorizedAccessException"/> EPERM, anything else EIO with the original inside. <see cref="Unpreserve"/>,
/// <see cref="Unfreeze"/> and <see cref="Finish"/> cannot refuse: the state change completes, and what they throw is collected and logged.
/// </remarks>
public abstract class FileHandler<TFile> : FileHandler
    where TFile : class
{
    /// <summary>Makes a handler.</summary>
    /// <param name="compatible">The compatible string, 1 to 47 bytes of UTF-8.</param>
    /// <exception cref="ArgumentException">The string is empty, too long or holds a NUL.</exception>
    protected FileHandler(string compatible)
        : base(compatible)
    {
    }

    /// <summary>
    /// Whether this handler takes the file. Handlers are asked in registration order and the first that says yes is taken (H-03).
    /// </summary>
    /// <param name="file">The file.</param>
    protected virtual bool CanPreserve(TFile file) => true;

    /// <summary>Identifies the object behind the file if that is not what it seems to be; a memfd, say, is its inode (H-02).</summary>
    /// <param name="file">The file.</param>
    /// <returns>The id, or null for the identity of the open file description or of the object.</returns>
    protected virtual FileId? GetId(TFile file) => null;

    /// <summary>Saves most of the file's state while the program still runs (F-08). If it refuses it must have cleaned up itself (F-11).</summary>
    /// <param name="context">The file; the data handle and private state to set.</param>
    protected abstract void Preserve(ref PreserveContext<TFile> context);

    /// <summary>Undoes <see cref="Preserve"/>; its FLBs are still preserved (F-22).</summary>
    /// <param name="context">The file, its data handle and private state.</param>
    protected abstract void Unpreserve(in FileContext<TFile> context);

    /// <summary>The last chance to update the state; must allocate nothing and wait for nobody. A changed handle is kept only on success.</summary>
    /// <param name="context">The file, its data handle and private state.</param>
    protected virtual void Freeze(ref FreezeContext<TFile> context)
    {
    }

    /// <summary>Undoes <see cref="Freeze"/> after a hand-over was called off; the changed data handle stays (F-37).</summary>
    /// <param name="context">The file, its data handle and private state.</param>
    protected virtual void Unfreeze(in FileContext<TFile> context)
    {
    }

    /// <summary>Checks, in the next generation and before the commit, that the file can be retrieved. Changes nothing.</summary>
    /// <param name="context">The data handle, and the memory for reading.</param>
    protected virtual void Verify(in VerifyContext context)
    {
    }

    /// <summary>Rebuilds the file. Runs at most once a file, success or not .</summary>
    /// <param name="context">The data handle that was handed over.</param>
    /// <returns>The file; the orchestrator keeps it until the session is finished.</returns>
    protected abstract TFile Retrieve(ref RetrieveContext context);

    /// <summary>Whether the session may be finished as far as this file goes. May be called many times; must have no side effect .</summary>
    /// <param name="context">The file, null if it was never retrieved, and its status.</param>
    protected virtual bool CanFinish(in FinishContext<TFile> context) => true;

    /// <summary>Ends the work for the file; one that was never retrieved must discard its preserved state here .</summary>
    /// <param name="context">The file, null if it was never retrieved, and its status.</param>
    protected abstract void Finish(in FinishContext<TFile> context);

    private delegate void FreezeCallback(ref FreezeContext<TFile> context);

    private delegate void VerifyCallback(in VerifyContext context);

    private delegate TFile RetrieveCallback(ref RetrieveContext context);

    internal override void Compile()
    {
        RuntimeHelpers.PrepareDelegate(new FreezeCallback(Freeze));
        RuntimeHelpers.PrepareDelegate(new VerifyCallback(Verify));
        RuntimeHelpers.PrepareDelegate(new RetrieveCallback(Retrieve));
        foreach (Flb flb in DependsOn)
            flb.Compile();
    }

    internal sealed override object? Accepts(object file, object? descriptor) => file as TFile ?? descriptor as TFile;

    internal sealed override bool InvokeCanPreserve(object file) => CanPreserve((TFile)file);

    internal sealed override bool TryInvokeGetId(object file, out FileId id)
    {
        FileId? own = GetId((TFile)file);
        id = own.GetValueOrDefault();
        return own.HasValue;
    }

    internal sealed override void InvokePreserve(ref FileCall call)
    {
        var context = new PreserveContext<TFile>(ref call);
        Preserve(ref context);
    }

    internal sealed override void InvokeUnpreserve(ref FileCall call) => Unpreserve(new FileContext<TFile>(ref call));

    [MethodImpl(WithinPause.Compiled)]
    internal sealed override void InvokeFreeze(ref FileCall call)
    {
        var context = new FreezeContext<TFile>(ref call);
        Freeze(ref context);
    }

    internal sealed override void InvokeUnfreeze(ref FileCall call) => Unfreeze(new FileContext<TFile>(ref call));

    [MethodImpl(WithinPause.Compiled)]
    internal sealed override void InvokeVerify(ref FileCall call) => Verify(new VerifyContext(ref call));

    internal sealed override void InvokeRetrieve(ref FileCall call)
    {
        var context = new RetrieveContext(ref call);
        call.File = Retrieve(ref context) ?? throw new InvalidOperationException($"{GetType()}.Retrieve returned null.");
    }

    internal sealed override bool InvokeCanFinish(ref FileCall call) => CanFinish(new FinishContext<TFile>(ref call));

    internal sealed override void InvokeFinish(ref FileCall call) => Finish(new FinishContext<TFile>(ref call));
}
