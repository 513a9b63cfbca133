using LiveUpdate.Kho;

namespace LiveUpdate;

/// <summary>What <see cref="Flb{T}.Verify"/> gets.</summary>
public readonly ref struct FlbVerifyContext
{
    private readonly ref FlbCall _call;

    internal FlbVerifyContext(ref FlbCall call) => _call = ref call;

    /// <summary>Preserved memory; use <see cref="KexecHandover.GetIncomingSpan"/> to read, and write nothing.</summary>
    public KexecHandover Memory => _call.Memory;

    /// <summary>The data handle that was handed over.</summary>
    public DataHandle Data => new(_call.Data);
}
