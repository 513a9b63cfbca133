using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using LiveUpdate.Samples.Luoctl.Commands;

namespace LiveUpdate.Samples.Luoctl;

/// <summary>The command line: all commands, and how it is run.</summary>
internal sealed class LuoctlCommandLine
{
    private const string About = """
        Shows what a live update agent holds and does, and makes updates.

        Exit codes: 0 done; 1 the agent refused, the update was called off, or the image is damaged; 2 wrong arguments; 3 no agent can be reached; 4 the
        check found something that blocks an update; 130 interrupted, which calls off an update that this process started.
        """;

    private readonly LuoctlConsole _console;
    private readonly RootCommand _root;

    public LuoctlCommandLine(LuoctlConsole console)
    {
        _console = console;
        var options = new LuoctlOptions();
        _root = new RootCommand(About)
        {
            options.Directory,
            options.Json,
            new StatusCommand(options, console),
            new SessionsCommand(options, console),
            new InspectCommand(options, console),
            new CheckCommand(options, console),
            new LoadCommand(options, console),
            new UpdateCommand(options, console),
            new WatchCommand(options, console),
            new CancelCommand(options, console),
        };
    }

    /// <summary>Runs a command line.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(string[] arguments, CancellationToken cancellationToken)
    {
        ParseResult parsed = _root.Parse(arguments);
        if (parsed.Action is ParseErrorAction)
        {
            // Of a command that is not known it is said first that there is none.
            ParseError error = parsed.CommandResult.Command == _root ? parsed.Errors[^1] : parsed.Errors[0];
            _console.WriteError($"{error.Message} (luoctl --help says more)");
            return ExitCode.Usage;
        }

        // Interruptions are the caller's: an update is called off by them, which may take as long as it does.
        var configuration = new InvocationConfiguration
        {
            Output = _console.Output,
            Error = _console.Errors,
            ProcessTerminationTimeout = null,
            EnableDefaultExceptionHandler = false,
        };
        return await parsed.InvokeAsync(configuration, cancellationToken);
    }
}
