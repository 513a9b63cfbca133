using System.CommandLine;
using LiveUpdate.Agent;
using LiveUpdate.Samples.Luoctl.Json;
using LiveUpdate.Samples.Luoctl.Views;
using LiveUpdate.Samples.Rendering;
using Spectre.Console;

namespace LiveUpdate.Samples.Luoctl.Commands;

/// <summary>What the agent does and holds: a table that refreshes, or a look.</summary>
internal sealed class StatusCommand : LuoctlCommand
{
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);

    private readonly Option<bool> _once = new("--once") { Description = "One look, also on a terminal." };

    public StatusCommand(LuoctlOptions options, LuoctlConsole console)
        : base("status", "What the agent does and holds. On a terminal it refreshes until it is interrupted.", options, console) => Add(_once);

    protected override async Task<int> ExecuteAsync(AgentClient agent, ParseResult arguments, CancellationToken cancellationToken)
    {
        AgentStatus status = await agent.GetStatusAsync(cancellationToken);
        if (Terminal.Terminal is { } terminal && !IsJson(arguments) && !arguments.GetValue(_once))
            await terminal.Live(RichPage.Render(StatusView.Of(status))).StartAsync(live => RefreshAsync(live, agent, cancellationToken));
        else
            Show(arguments, StatusJson.Of(status), LuoctlJson.Default.StatusJson, () => StatusView.Of(status));
        return ExitCode.Good;
    }

    private static async Task RefreshAsync(LiveDisplayContext live, AgentClient agent, CancellationToken cancellationToken)
    {
        while (true)
        {
            live.UpdateTarget(RichPage.Render(StatusView.Of(await agent.GetStatusAsync(cancellationToken))));
            await Task.Delay(s_pause, cancellationToken);
        }
    }
}
