namespace LiveUpdate.TestHost.ServiceManager;

/// <summary>What a unit asks of the program: <c>name=value</c> each.</summary>
internal sealed class ServiceArguments(IEnumerable<string> arguments)
{
    private readonly Dictionary<string, string> _values = arguments
        .Select(static argument => argument.Split('=', 2))
        .ToDictionary(static parts => parts[0], static parts => parts.Length > 1 ? parts[1] : "");

    /// <summary>How many eventfds there are.</summary>
    public int Events => int.Parse(_values.GetValueOrDefault("events", "3"));

    /// <summary>The phase at which something happens; null for none.</summary>
    public ServiceManagerPhase? At => _values.TryGetValue("at", out string? phase) ? Enum.Parse<ServiceManagerPhase>(phase) : null;

    /// <summary>Whether something is asked for.</summary>
    public bool Has(string name) => _values.ContainsKey(name);

    /// <summary>The target's options.</summary>
    public ServiceManagerOptions OptionsFor(EchoServer echo) => new()
    {
        Quiesce = _ => echo.Stop(),
        Resume = echo.Start,
        Systemctl = _values.GetValueOrDefault("systemctl"),
        QueryTimeout = TimeSpan.FromSeconds(Has("systemctl") ? 1 : 60),
        StoreTimeout = TimeSpan.FromSeconds(60),
        CommitTimeout = TimeSpan.FromSeconds(60),
        RequireCount = Has("require-count"),
    };
}
