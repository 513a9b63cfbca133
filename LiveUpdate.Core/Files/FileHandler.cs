using System.Collections.ObjectModel;

namespace LiveUpdate;

/// <summary>
/// A named set of callbacks that preserves one kind of file and rebuilds it in the next generation (reference 4.4).
/// </summary>
/// <remarks>
/// <para>Derive from <see cref="FileHandler{TFile}"/>. One instance may serve several orchestrators: what belongs to one of them is kept by
/// that one. Callbacks for files of different sessions run in parallel, so a handler must be re-entrant (reference C-08).</para>
/// <para>From a callback every operation on a session, the device or the registration throws <see cref="InvalidOperationException"/>: two
/// callbacks that entered each other's sessions would wait for one another for ever (H-08).</para>
/// </remarks>
public abstract class FileHandler
{
    private protected FileHandler(string compatible) => Compatible = CompatibleName.Validate(compatible, nameof(compatible));

    /// <summary>
    /// The compatible string: the name of the handler and of its data format, at most 47 bytes of UTF-8, the only link between the
    /// code of one generation and that of the next.
    /// </summary>
    public string Compatible { get; }

    /// <summary>Older strings whose files this handler can retrieve as well. A handler with exactly that string goes first.</summary>
    public virtual IReadOnlyList<string> RetrievesFrom => [];

    /// <summary>Older strings that this handler can write if the next generation asks for one, best first.</summary>
    public virtual IReadOnlyList<string> WritesAlso => [];

    /// <summary>
    /// The FLBs that every file of this handler depends on, in link order (reference 4.11). Read when the handler is registered.
    /// </summary>
    public Collection<Flb> DependsOn { get; } = [];

    /// <summary>
    /// Has the callbacks that run within the pause compiled, where code is compiled at run time; their first call would wait for it.
    /// </summary>
    internal abstract void Compile();

    /// <summary>The file in the form this handler takes: the object itself, its descriptor, or null for neither.</summary>
    internal abstract object? Accepts(object file, object? descriptor);

    internal abstract bool InvokeCanPreserve(object file);

    internal abstract bool TryInvokeGetId(object file, out FileId id);

    internal abstract void InvokePreserve(ref FileCall call);

    internal abstract void InvokeUnpreserve(ref FileCall call);

    internal abstract void InvokeFreeze(ref FileCall call);

    internal abstract void InvokeUnfreeze(ref FileCall call);

    internal abstract void InvokeVerify(ref FileCall call);

    internal abstract void InvokeRetrieve(ref FileCall call);

    internal abstract bool InvokeCanFinish(ref FileCall call);

    internal abstract void InvokeFinish(ref FileCall call);
}
