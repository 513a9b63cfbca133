using LiveUpdate.Samples.Rendering;
using Spectre.Console;

namespace LiveUpdate.Samples.Luoctl;

/// <summary>Where a command writes: a terminal, which gets tables and colours, or a file, which gets plain text.</summary>
/// <param name="output">Gets what was asked for.</param>
/// <param name="errors">Gets what went wrong, a line each.</param>
/// <param name="terminal">The terminal that the output goes to; null if it goes to none.</param>
internal sealed class LuoctlConsole(TextWriter output, TextWriter errors, IAnsiConsole? terminal)
{
    public TextWriter Output => output;

    public TextWriter Errors => errors;

    public IAnsiConsole? Terminal => terminal;

    /// <summary>That of this process. A terminal that knows no escape codes counts as a file.</summary>
    public static LuoctlConsole OfProcess()
    {
        IAnsiConsole terminal = AnsiConsole.Console;
        bool isTerminal = !Console.IsOutputRedirected && terminal.Profile.Out.IsTerminal && terminal.Profile.Capabilities.Ansi;
        return new LuoctlConsole(Console.Out, Console.Error, isTerminal ? terminal : null);
    }

    /// <summary>Shows a page.</summary>
    public void Write(Page page)
    {
        if (terminal is not null)
            terminal.Write(RichPage.Render(page));
        else
            PlainPage.Write(output, page);
    }

    /// <summary>Says what went wrong.</summary>
    public void WriteError(string message) => errors.WriteLine("luoctl: " + Printable.Of(message.ReplaceLineEndings(" ")));
}
