using System.CommandLine;
using System.CommandLine.Parsing;
using LiveUpdate.Agent;
using LiveUpdate.Samples.Luoctl.Json;
using LiveUpdate.Samples.Luoctl.Views;

namespace LiveUpdate.Samples.Luoctl.Commands;

/// <summary>Has the agent do an update, and shows it.</summary>
internal sealed class UpdateCommand : LuoctlCommand
{
    private readonly Option<TimeSpan> _prepareTime = NewTime("--prepare-time", "How long programs may take to get ready: 500ms, 30s, 2m, 1h.", 30);
    private readonly Option<TimeSpan> _claimTime = NewTime("--claim-time", "How long they may take to claim what is theirs afterwards.", 60);

    private readonly Option<bool> _leaveSilent = new("--leave-silent")
    {
        Description = "Go on without programs that have not answered in time, instead of calling the update off.",
    };

    public UpdateCommand(LuoctlOptions options, LuoctlConsole console)
        : base("update", "Does an update. Ctrl+C calls it off as long as that is possible.", options, console)
    {
        Add(_prepareTime);
        Add(_claimTime);
        Add(_leaveSilent);
    }

    protected override async Task<int> ExecuteAsync(AgentClient agent, ParseResult arguments, CancellationToken cancellationToken)
    {
        var options = new AgentUpdateOptions
        {
            PrepareTime = arguments.GetValue(_prepareTime),
            ClaimTime = arguments.GetValue(_claimTime),
            LeavesSilentBehind = arguments.GetValue(_leaveSilent),
        };
        using CancellationTokenRegistration telling = cancellationToken.Register(
            () => Terminal.WriteError("update: interrupted; calls the update off if that is still possible, and waits for its end"));
        AgentUpdateResult result = IsJson(arguments)
            ? await agent.UpdateAsync(options, new EventReceiver(happened => WriteJson(EventJson.Of(happened), LuoctlJson.Default.EventJson)), cancellationToken)
            : Terminal.Terminal is { } terminal
                ? await UpdateBars.RunAsync(terminal, bars => agent.UpdateAsync(options, bars, cancellationToken))
                : await agent.UpdateAsync(options, new EventReceiver(happened => Terminal.Write(EventView.Of(happened))), cancellationToken);
        Show(arguments, ResultJson.Of(result), LuoctlJson.Default.ResultJson, () => ResultView.Of(result));
        return ExitCode.Good;
    }

    private static Option<TimeSpan> NewTime(string name, string description, int seconds) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => TimeSpan.FromSeconds(seconds),
        CustomParser = ParseTime,
    };

    private static TimeSpan ParseTime(ArgumentResult result)
    {
        string text = result.Tokens[^1].Value;
        if (TimeText.TryParse(text, out TimeSpan time))
            return time;
        result.AddError($"\"{text}\" is no time of 1ms to 24h, such as 500ms, 30s, 2m or 1h.");
        return default;
    }
}
