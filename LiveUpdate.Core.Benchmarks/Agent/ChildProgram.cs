using System.Diagnostics;

namespace LiveUpdate.Benchmarks.Agent;

/// <summary>This program once more, as another side of a measurement. It ends with its standard input, and so with this process.</summary>
internal sealed class ChildProgram : IDisposable
{
    private const string Ready = "ready";

    private readonly Process _process;

    /// <summary>Starts it, and waits until it is ready.</summary>
    /// <param name="arguments">The verb and what belongs to it.</param>
    /// <exception cref="InvalidOperationException">It ended, or said something else.</exception>
    public ChildProgram(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(ChildProgram).Assembly.Location, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        _process = Process.Start(start)!;
        string? first = _process.StandardOutput.ReadLine();
        if (first == Ready)
            return;
        Dispose();
        throw new InvalidOperationException($"{string.Join(' ', arguments)} said \"{first}\" instead of being ready.");
    }

    /// <summary>The child's side: says that it is ready, and answers until it is told to end.</summary>
    /// <param name="answer">What it says to each line.</param>
    public static void Serve(Func<string, string> answer)
    {
        Console.WriteLine(Ready);
        while (Console.ReadLine() is { } line)
            Console.WriteLine(answer(line));
    }

    /// <summary>Asks it something.</summary>
    /// <exception cref="InvalidOperationException">It has ended.</exception>
    public string Ask(string line)
    {
        _process.StandardInput.WriteLine(line);
        return _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException($"The other process has ended; asked \"{line}\".");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _process.StandardInput.Dispose();
        _process.WaitForExit();
        _process.Dispose();
    }
}
