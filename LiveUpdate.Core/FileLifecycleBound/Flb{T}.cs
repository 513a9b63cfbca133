using System.Runtime.CompilerServices;

namespace LiveUpdate;

/// <summary>A file-lifecycle-bound object whose live form is a <typeparamref name="T"/> (reference 4.11).</summary>
/// <typeparam name="T">What users of the FLB get.</typeparam>
/// <remarks>
/// Callbacks of one FLB on one side exclude each other (reference C-12). A callback must not register or unregister anything, must not
/// get or put this FLB on the same side, and must not call a session: it would wait for itself (reference C-13). What it throws in
/// <see cref="Preserve"/> or <see cref="Retrieve"/> is the refusal that the caller sees.
/// </remarks>
public abstract class Flb<T> : Flb
    where T : class
{
    /// <summary>Makes an FLB.</summary>
    /// <param name="compatible">The compatible string, 1 to 47 bytes of UTF-8.</param>
    /// <exception cref="ArgumentException">The string is empty, too long or holds a NUL.</exception>
    protected Flb(string compatible)
        : base(compatible)
    {
    }

    /// <summary>The first file that depends on it is being preserved: save the state and set the data handle (reference G-10).</summary>
    /// <param name="context">Set <see cref="FlbPreserveContext{T}.Data"/> and <see cref="FlbPreserveContext{T}.Value"/>.</param>
    protected abstract void Preserve(ref FlbPreserveContext<T> context);

    /// <summary>The last file that depended on it is gone: undo <see cref="Preserve"/> (reference G-12). Cannot refuse.</summary>
    /// <param name="context">Data handle and object from <see cref="Preserve"/>.</param>
    protected abstract void Unpreserve(in FlbContext<T> context);

    /// <summary>Checks, in the next generation and before the commit, that the state can be retrieved. Changes nothing.</summary>
    /// <param name="context">The data handle, and the memory for reading.</param>
    protected virtual void Verify(in FlbVerifyContext context)
    {
    }

    /// <summary>Rebuilds the object in the next generation. Runs at most once, success or not (reference G-24).</summary>
    /// <param name="context">The data handle that was handed over.</param>
    /// <returns>The object that users get.</returns>
    protected abstract T Retrieve(ref FlbRetrieveContext context);

    /// <summary>The last file is finished and the last reference put: release the preserved state (reference G-26). Cannot refuse.</summary>
    /// <param name="context">The retrieved object; its data handle is 0.</param>
    protected abstract void Finish(in FlbContext<T> context);

    private delegate void VerifyCallback(in FlbVerifyContext context);

    private delegate T RetrieveCallback(ref FlbRetrieveContext context);

    internal sealed override void Compile()
    {
        RuntimeHelpers.PrepareDelegate(new VerifyCallback(Verify));
        RuntimeHelpers.PrepareDelegate(new RetrieveCallback(Retrieve));
    }

    internal sealed override void InvokePreserve(ref FlbCall call)
    {
        var context = new FlbPreserveContext<T>(ref call);
        Preserve(ref context);
    }

    internal sealed override void InvokeUnpreserve(ref FlbCall call) => Unpreserve(new FlbContext<T>(ref call));

    internal sealed override void InvokeVerify(ref FlbCall call) => Verify(new FlbVerifyContext(ref call));

    internal sealed override void InvokeRetrieve(ref FlbCall call)
    {
        var context = new FlbRetrieveContext(ref call);
        call.Object = Retrieve(ref context) ?? throw new InvalidOperationException($"{GetType()}.Retrieve returned null.");
    }

    internal sealed override void InvokeFinish(ref FlbCall call) => Finish(new FlbContext<T>(ref call));

    internal static T? Cast(object? value) => Unsafe.As<T?>(value);
}
