using LiveUpdate.Kho;

namespace LiveUpdate;

/// <summary>What <see cref="Flb{T}.Retrieve"/> gets.</summary>
public readonly ref struct FlbRetrieveContext
{
    private readonly ref FlbCall _call;

    internal FlbRetrieveContext(ref FlbCall call) => _call = ref call;

    /// <summary>Preserved memory; restore what the data handle names.</summary>
    public KexecHandover Memory => _call.Memory;

    /// <summary>The data handle that was handed over.</summary>
    public DataHandle Data => new(_call.Data);
}
