using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using LiveUpdate.Agent;
using LiveUpdate.Samples.Rendering;

namespace LiveUpdate.Samples.Luoctl.Commands;

/// <summary>A command: connects to the agent, and makes an exit code of what goes wrong.</summary>
internal abstract class LuoctlCommand : Command
{
    private readonly LuoctlOptions _options;

    protected LuoctlCommand(string name, string description, LuoctlOptions options, LuoctlConsole console)
        : base(name, description)
    {
        (_options, Terminal) = (options, console);
        SetAction(RunAsync);
    }

    /// <summary>Where it writes.</summary>
    protected LuoctlConsole Terminal { get; }

    /// <summary>Whether JSON is asked for.</summary>
    protected bool IsJson(ParseResult arguments) => arguments.GetValue(_options.Json);

    /// <summary>Does it.</summary>
    /// <returns>The exit code.</returns>
    protected virtual async Task<int> ExecuteAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        await using AgentClient agent = await ConnectAsync(arguments.GetValue(_options.Directory)!, cancellationToken);
        return await ExecuteAsync(agent, arguments, cancellationToken);
    }

    /// <summary>Does it with an agent.</summary>
    /// <returns>The exit code.</returns>
    protected abstract Task<int> ExecuteAsync(AgentClient agent, ParseResult arguments, CancellationToken cancellationToken);

    /// <summary>Shows something as JSON, or as a page.</summary>
    protected void Show<T>(ParseResult arguments, T json, JsonTypeInfo<T> type, Func<Page> page)
    {
        if (IsJson(arguments))
            WriteJson(json, type);
        else
            Terminal.Write(page());
    }

    /// <summary>Writes a line of JSON.</summary>
    protected void WriteJson<T>(T json, JsonTypeInfo<T> type)
    {
        Terminal.Output.WriteLine(JsonSerializer.Serialize(json, type));
        Terminal.Output.Flush();
    }

    private static async Task<AgentClient> ConnectAsync(string directory, CancellationToken cancellationToken)
    {
        try
        {
            return await AgentClient.ConnectAsync(directory, new AgentClientOptions { ProgramName = "luoctl" }, cancellationToken);
        }
        catch (LiveUpdateException exception) when (exception.Error != LiveUpdateError.QuotaExceeded)
        {
            throw new AgentUnreachableException(exception);
        }
    }

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        try
        {
            return await ExecuteAsync(arguments, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCode.Interrupted;
        }
        catch (Exception exception) when (CodeOf(exception) is { } code)
        {
            Terminal.WriteError($"{Name}: {exception.Message}");
            return code;
        }
    }

    private static int? CodeOf(Exception exception) => exception switch
    {
        AgentUnreachableException => ExitCode.NoAgent,
        LiveUpdateException { Error: LiveUpdateError.ConnectionReset or LiveUpdateError.Protocol } => ExitCode.NoAgent,
        LiveUpdateException or LiveUpdateImageException => ExitCode.Refused,
        ArgumentException or IOException or UnauthorizedAccessException => ExitCode.Usage,
        _ => null,
    };
}
