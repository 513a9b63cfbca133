using System.CommandLine;
using LiveUpdate.Agent;
using LiveUpdate.Samples.Luoctl.Json;
using LiveUpdate.Samples.Luoctl.Views;

namespace LiveUpdate.Samples.Luoctl.Commands;

/// <summary>Everything that happens, as it comes.</summary>
internal sealed class WatchCommand(LuoctlOptions options, LuoctlConsole console)
    : LuoctlCommand("watch", "Every event of every update, as it comes, until it is interrupted.", options, console)
{
    protected override async Task<int> ExecuteAsync(AgentClient agent, ParseResult arguments, CancellationToken cancellationToken)
    {
        await foreach (AgentEvent happened in agent.WatchAsync(cancellationToken))
        {
            Show(arguments, EventJson.Of(happened), LuoctlJson.Default.EventJson, () => EventView.Of(happened));
            await Terminal.Output.FlushAsync(cancellationToken);
        }

        return ExitCode.Good;
    }
}
