using LiveUpdate.Kho;

namespace LiveUpdate;

/// <summary>What <see cref="FileHandler{TFile}.Verify"/> gets.</summary>
public readonly ref struct VerifyContext
{
    private readonly ref FileCall _call;

    internal VerifyContext(ref FileCall call) => _call = ref call;

    /// <summary>The name of the session the file is in.</summary>
    public string SessionName => _call.Session;

    /// <summary>The token that names the file in its session.</summary>
    public Token Token => new(_call.Token);

    /// <summary>The compatible string under which the file was handed over: the handler's own, or one of its older ones.</summary>
    public string Compatible => _call.Compatible;

    /// <summary>The data handle.</summary>
    public DataHandle Data => new(_call.Data);

    /// <summary>Preserved memory; use <see cref="KexecHandover.GetIncomingSpan"/> to read, and write nothing.</summary>
    public KexecHandover Memory => _call.Environment.Memory;

    /// <summary>The descriptors that travel beside preserved memory.</summary>
    public DescriptorSlots Descriptors => _call.Environment.Descriptors;

    /// <summary>Keeps what was decoded, so that <see cref="FileHandler{TFile}.Retrieve"/> need not do it again.</summary>
    /// <param name="value">Given back as <see cref="RetrieveContext.Kept"/>.</param>
    public void Keep(object value) => _call.State = value;
}
