using System.CommandLine;
using LiveUpdate.Agent;
using LiveUpdate.Samples.Luoctl.Json;
using LiveUpdate.Samples.Rendering;

namespace LiveUpdate.Samples.Luoctl.Commands;

/// <summary>Calls the update off that is under way.</summary>
internal sealed class CancelCommand(LuoctlOptions options, LuoctlConsole console)
    : LuoctlCommand("cancel", "Calls off the update that is under way, whoever started it; possible until everybody is ready.", options, console)
{
    protected override async Task<int> ExecuteAsync(AgentClient agent, ParseResult arguments, CancellationToken cancellationToken)
    {
        ulong update = (await agent.GetStatusAsync(cancellationToken)).Update;
        if (update == 0)
            throw new LiveUpdateException(LiveUpdateError.NotFound, "No update is under way.");
        await agent.CancelUpdateAsync(update, cancellationToken);
        Show(
            arguments, new CanceledJson(update), LuoctlJson.Default.CanceledJson, () => new Page().Text($"Update {update} is called off.", Tone.Good));
        return ExitCode.Good;
    }
}
