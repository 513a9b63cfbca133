using System.Runtime.Versioning;
using LiveUpdate.Samples.Luoctl;
using Spectre.Console;

namespace LiveUpdate.Tests.Agent;

/// <summary>luoctl within this process, with a file or a terminal to write to.</summary>
[SupportedOSPlatform("linux")]
internal sealed class LuoctlRun
{
    private const int Width = 120;

    private LuoctlRun(bool hasTerminal) =>
        Console = new LuoctlConsole(Output, Errors, hasTerminal ? NewTerminal(Output, AnsiSupport.Yes) : null);

    public WatchedWriter Output { get; } = new();

    public WatchedWriter Errors { get; } = new();

    private LuoctlConsole Console { get; }

    /// <summary>Its exit code, when it has ended.</summary>
    public Task<int> Ended { get; private set; } = Task.FromResult(0);

    /// <summary>Starts it with a file.</summary>
    public static LuoctlRun Start(CancellationToken cancellationToken, params string[] arguments) => Start(hasTerminal: false, arguments, cancellationToken);

    /// <summary>Starts it with a terminal.</summary>
    public static LuoctlRun StartOnTerminal(CancellationToken cancellationToken, params string[] arguments) => Start(hasTerminal: true, arguments, cancellationToken);

    /// <summary>Runs it to its end.</summary>
    public static async Task<(int Code, string Output, string Errors)> OfAsync(params string[] arguments)
    {
        LuoctlRun run = Start(CancellationToken.None, arguments);
        return (await run.Ended, run.Output.ToString(), run.Errors.ToString());
    }

    /// <summary>A terminal that writes there.</summary>
    public static IAnsiConsole NewTerminal(TextWriter writer, AnsiSupport ansi)
    {
        IAnsiConsole terminal = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = ansi,
            ColorSystem = ansi == AnsiSupport.Yes ? ColorSystemSupport.EightBit : ColorSystemSupport.NoColors,
            Interactive = ansi == AnsiSupport.Yes ? InteractionSupport.Yes : InteractionSupport.No,
            Out = new AnsiConsoleOutput(writer),
        });
        terminal.Profile.Width = Width;
        terminal.Profile.Capabilities.Unicode = true;
        return terminal;
    }

    private static LuoctlRun Start(bool hasTerminal, string[] arguments, CancellationToken cancellationToken)
    {
        var run = new LuoctlRun(hasTerminal);
        run.Ended = Task.Run(() => new LuoctlCommandLine(run.Console).RunAsync(arguments, cancellationToken), CancellationToken.None);
        return run;
    }
}
