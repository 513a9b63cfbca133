using System.Runtime.CompilerServices;
using LiveUpdate.Kho;

namespace LiveUpdate;

/// <summary>What <see cref="FileHandler{TFile}.Preserve"/> gets and gives back.</summary>
/// <typeparam name="TFile">The kind of file.</typeparam>
public readonly ref struct PreserveContext<TFile>
    where TFile : class
{
    private readonly ref FileCall _call;

    internal PreserveContext(ref FileCall call) => _call = ref call;

    /// <summary>The name of the session the file is in.</summary>
    public string SessionName => _call.Session;

    /// <summary>The token that names the file in its session.</summary>
    public Token Token => new(_call.Token);

    /// <summary>The file.</summary>
    public TFile File => Unsafe.As<TFile>(_call.File!);

    /// <summary>The data handle that the next generation gets. A change is kept only if the callback succeeds.</summary>
    public DataHandle Data
    {
        get => new(_call.Data);
        set => _call.Data = value.Value;
    }

    /// <summary>Private state, given back to later outgoing callbacks and never handed over.</summary>
    public object? State
    {
        get => _call.State;
        set => _call.State = value;
    }

    /// <summary>Preserved memory.</summary>
    public KexecHandover Memory => _call.Environment.Memory;

    /// <summary>The descriptors that travel beside preserved memory.</summary>
    public DescriptorSlots Descriptors => _call.Environment.Descriptors;

    /// <summary>The live object of an FLB that this file holds; valid during the callback (reference H-09).</summary>
    /// <typeparam name="T">The live form of the FLB.</typeparam>
    /// <param name="flb">The FLB.</param>
    /// <returns>The object; null if the FLB's <c>Preserve</c> set none.</returns>
    public T? GetFlb<T>(Flb<T> flb)
        where T : class => Flb<T>.Cast(_call.Environment.Flbs.Get(flb).Outgoing.Peek());
}
