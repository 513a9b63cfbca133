using LiveUpdate.Kho;

namespace LiveUpdate;

/// <summary>What <see cref="Flb{T}.Preserve"/> gets and gives back.</summary>
/// <typeparam name="T">The live form of the FLB.</typeparam>
public readonly ref struct FlbPreserveContext<T>
    where T : class
{
    private readonly ref FlbCall _call;

    internal FlbPreserveContext(ref FlbCall call) => _call = ref call;

    /// <summary>Preserved memory; what is allocated here is the FLB's own until its <c>Unpreserve</c>.</summary>
    public KexecHandover Memory => _call.Memory;

    /// <summary>The data handle that the next generation gets; 0 unless set. Kept only if the callback succeeds.</summary>
    public DataHandle Data
    {
        get => new(_call.Data);
        set => _call.Data = value.Value;
    }

    /// <summary>The live object that users of the outgoing side get; may stay null (reference G-32).</summary>
    public T? Value
    {
        get => Flb<T>.Cast(_call.Object);
        set => _call.Object = value;
    }
}
