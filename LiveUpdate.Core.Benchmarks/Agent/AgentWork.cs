using LiveUpdate.Agent;

namespace LiveUpdate.Benchmarks.Agent;

/// <summary>The other processes of a run: one agent and one echo server, warm and the same for all benchmarks.</summary>
internal sealed class AgentWork : IDisposable
{
    /// <summary>The verb of the process that is the agent.</summary>
    public const string AgentVerb = "agent-serve";

    /// <summary>The verb of the process that is the echo server.</summary>
    public const string EchoVerb = "agent-echo";

    /// <summary>Requests in an invocation of a benchmark.</summary>
    public const int Requests = 256;

    private static AgentWork? s_current;

    private readonly DirectoryInfo _folder = System.IO.Directory.CreateTempSubdirectory("agent-benchmark-");
    private readonly ChildProgram _agent;
    private readonly ChildProgram _echo;
    private int _session;

    private AgentWork()
    {
        _agent = new ChildProgram(AgentVerb, Directory);
        _echo = new ChildProgram(EchoVerb, EchoPath);
    }

    /// <summary>The agent's directory.</summary>
    public string Directory => _folder.FullName;

    /// <summary>The path of the echo server's socket.</summary>
    public string EchoPath => Path.Combine(Directory, "echo");

    /// <summary>The processes of this run, started by the first who asks.</summary>
    public static AgentWork Current => s_current ??= new AgentWork();

    /// <summary>Ends what was started.</summary>
    public static void End() => Interlocked.Exchange(ref s_current, null)?.Dispose();

    /// <summary>Connects to the agent.</summary>
    public AgentDevice Connect() => AgentDevice.Connect(Directory);

    /// <summary>The name of an incoming session that nobody has retrieved from.</summary>
    /// <exception cref="InvalidOperationException">There are no more.</exception>
    public string NextIncoming() => _session < ServingAgent.Sessions
        ? ServingAgent.NameOf(_session++)
        : throw new InvalidOperationException($"All of the agent's {ServingAgent.Sessions} incoming sessions are used up.");

    /// <summary>The bytes that the agent's process has allocated.</summary>
    public long AllocatedByAgent() => long.Parse(_agent.Ask(ServingAgent.Allocated), System.Globalization.CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public void Dispose()
    {
        _echo.Dispose();
        _agent.Dispose();
        _folder.Delete(recursive: true);
    }
}
