using LiveUpdate.Agent;

namespace LiveUpdate.Samples.Luod;

/// <summary>What the command line says.</summary>
internal sealed record LuodSettings
{
    /// <summary>What an update replaces.</summary>
    public required LuodBackEnd BackEnd { get; init; }

    /// <summary>Whether this process is to be the keeper of an agent that it starts.</summary>
    public required bool IsKeeper { get; init; }

    /// <summary>The control device of the kernel back end.</summary>
    public required string Device { get; init; }

    /// <summary>How much preserved memory the managed back end has, in bytes.</summary>
    public required long Memory { get; init; }

    /// <summary>Whether an update drops what nobody has claimed.</summary>
    public required bool DiscardsUnfinished { get; init; }

    /// <summary>How messages are written.</summary>
    public required LuodLogFormat Log { get; init; }

    /// <summary>Whether what is only of interest to a developer is written too.</summary>
    public required bool IsVerbose { get; init; }

    /// <summary>The options of the server, but for store and logger.</summary>
    public required AgentServerOptions Server { get; init; }
}
