namespace LiveUpdate;

/// <summary>
/// A file-lifecycle-bound object: state that the files of one or more handlers share (reference 4.11).
/// </summary>
/// <remarks>
/// Preserved with the first file that depends on it and dropped with the last; retrieved at most once in the next generation and
/// finished with the last file there. Derive from <see cref="Flb{T}"/>. One instance may serve several orchestrators, one after
/// the other or at once: what belongs to one of them is kept by that one.
/// </remarks>
public abstract class Flb
{
    private protected Flb(string compatible) => Compatible = CompatibleName.Validate(compatible, nameof(compatible));

    /// <summary>The compatible string: the name under which the next generation looks for it, at most 47 bytes of UTF-8.</summary>
    public string Compatible { get; }

    /// <summary>Has the callbacks that run within the pause compiled, where code is compiled at run time.</summary>
    internal abstract void Compile();

    internal abstract void InvokePreserve(ref FlbCall call);

    internal abstract void InvokeUnpreserve(ref FlbCall call);

    internal abstract void InvokeVerify(ref FlbCall call);

    internal abstract void InvokeRetrieve(ref FlbCall call);

    internal abstract void InvokeFinish(ref FlbCall call);
}
