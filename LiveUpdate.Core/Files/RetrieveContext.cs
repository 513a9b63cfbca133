using LiveUpdate.Kho;

namespace LiveUpdate;

/// <summary>What <see cref="FileHandler{TFile}.Retrieve"/> gets.</summary>
public readonly ref struct RetrieveContext
{
    private readonly ref FileCall _call;

    internal RetrieveContext(ref FileCall call) => _call = ref call;

    /// <summary>The name of the session the file is in.</summary>
    public string SessionName => _call.Session;

    /// <summary>The token that names the file in its session.</summary>
    public Token Token => new(_call.Token);

    /// <summary>The compatible string under which the file was handed over: the handler's own, or one of its older ones.</summary>
    public string Compatible => _call.Compatible;

    /// <summary>The data handle.</summary>
    public DataHandle Data => new(_call.Data);

    /// <summary>Preserved memory.</summary>
    public KexecHandover Memory => _call.Environment.Memory;

    /// <summary>The descriptors that travel beside preserved memory.</summary>
    public DescriptorSlots Descriptors => _call.Environment.Descriptors;

    /// <summary>What <see cref="FileHandler{TFile}.Verify"/> kept; null if nothing.</summary>
    public object? Kept => _call.State;

    /// <summary>The live object of an FLB, retrieved now if nobody did before; valid during the callback (reference H-09).</summary>
    /// <typeparam name="T">The live form of the FLB.</typeparam>
    /// <param name="flb">The FLB.</param>
    /// <exception cref="LiveUpdateException">ENODATA, ENOENT, or what the FLB's <c>Retrieve</c> refused with (reference G-30).</exception>
    public T GetFlb<T>(Flb<T> flb)
        where T : class => Flb<T>.Cast(_call.Environment.Flbs.Get(flb).Incoming.Peek())!;
}
