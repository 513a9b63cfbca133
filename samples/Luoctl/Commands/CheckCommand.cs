using System.CommandLine;
using LiveUpdate.Agent;
using LiveUpdate.Samples.Luoctl.Json;
using LiveUpdate.Samples.Luoctl.Views;

namespace LiveUpdate.Samples.Luoctl.Commands;

/// <summary>What stands in the way of an update.</summary>
internal sealed class CheckCommand(LuoctlOptions options, LuoctlConsole console)
    : LuoctlCommand("check", "What stands in the way of an update, the worst first. Exit code 4 if something blocks it.", options, console)
{
    protected override async Task<int> ExecuteAsync(AgentClient agent, ParseResult arguments, CancellationToken cancellationToken)
    {
        IReadOnlyList<PreflightFinding> findings = await agent.CheckAsync(cancellationToken);
        Show(arguments, CheckJson.Of(findings), LuoctlJson.Default.CheckJson, () => CheckView.Of(findings));
        return findings.Any(static finding => finding.Severity == PreflightSeverity.Blocking) ? ExitCode.Blocked : ExitCode.Good;
    }
}
