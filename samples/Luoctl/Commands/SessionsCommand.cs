using System.CommandLine;
using LiveUpdate.Agent;
using LiveUpdate.Samples.Luoctl.Json;
using LiveUpdate.Samples.Luoctl.Views;

namespace LiveUpdate.Samples.Luoctl.Commands;

/// <summary>The sessions that the agent holds.</summary>
internal sealed class SessionsCommand(LuoctlOptions options, LuoctlConsole console)
    : LuoctlCommand("sessions", "The sessions that the agent holds; those of other users only for administrators.", options, console)
{
    protected override async Task<int> ExecuteAsync(AgentClient agent, ParseResult arguments, CancellationToken cancellationToken)
    {
        List<AgentSessionInfo> sessions = await agent.ListSessionsAsync(cancellationToken).ToListAsync(cancellationToken);
        Show(arguments, SessionsJson.Of(sessions), LuoctlJson.Default.SessionsJson, () => SessionsView.Of(sessions));
        return ExitCode.Good;
    }
}
