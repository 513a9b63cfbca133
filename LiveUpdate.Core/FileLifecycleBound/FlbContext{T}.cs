using LiveUpdate.Kho;

namespace LiveUpdate;

/// <summary>What <see cref="Flb{T}.Unpreserve"/> and <see cref="Flb{T}.Finish"/> get.</summary>
/// <typeparam name="T">The live form of the FLB.</typeparam>
public readonly ref struct FlbContext<T>
    where T : class
{
    private readonly ref FlbCall _call;

    internal FlbContext(ref FlbCall call) => _call = ref call;

    /// <summary>Preserved memory.</summary>
    public KexecHandover Memory => _call.Memory;

    /// <summary>The data handle from <see cref="Flb{T}.Preserve"/>; 0 in <see cref="Flb{T}.Finish"/> (reference G-26).</summary>
    public DataHandle Data => new(_call.Data);

    /// <summary>The live object; null if <see cref="Flb{T}.Preserve"/> set none.</summary>
    public T? Value => Flb<T>.Cast(_call.Object);
}
