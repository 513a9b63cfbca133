using System.Runtime.CompilerServices;
using LiveUpdate.Kho;

namespace LiveUpdate;

/// <summary>What <see cref="FileHandler{TFile}.Freeze"/> gets and gives back.</summary>
/// <typeparam name="TFile">The kind of file.</typeparam>
public readonly ref struct FreezeContext<TFile>
    where TFile : class
{
    private readonly ref FileCall _call;

    internal FreezeContext(ref FileCall call) => _call = ref call;

    /// <summary>The name of the session the file is in.</summary>
    public string SessionName => _call.Session;

    /// <summary>The token that names the file in its session.</summary>
    public Token Token => new(_call.Token);

    /// <summary>The string that is written: the handler's own, or the older one that the next generation asked for.</summary>
    public string Compatible => _call.Compatible;

    /// <summary>
    /// Whether the handler should ask the kernel whether a descriptor is still what it was: off where the next generation lives beside this
    /// one and looks for itself, on for exec and the service manager.
    /// </summary>
    public bool CheckDescriptors => _call.CheckDescriptors;

    /// <summary>The file.</summary>
    public TFile File => Unsafe.As<TFile>(_call.File!);

    /// <summary>The data handle that the next generation gets. A change is kept only if the callback succeeds.</summary>
    public DataHandle Data
    {
        get => new(_call.Data);
        set => _call.Data = value.Value;
    }

    /// <summary>The private state that <c>Preserve</c> set; null if it set none. Never handed over.</summary>
    public object? State => _call.State;

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
