namespace LiveUpdate.Tests.Soak;

/// <summary>Runs a long form as a program does.</summary>
internal static class SoakForm
{
    /// <summary>Reads the arguments, runs the form, and prints what it found and, last, its figures.</summary>
    /// <returns>The exit code: 0 if nothing was found, 1 if something was, 2 if the arguments cannot be read.</returns>
    public static int Run(string name, ReadOnlySpan<string> arguments, Func<SoakArguments, SoakResult> form)
    {
        SoakArguments parsed;
        try
        {
            parsed = SoakArguments.Parse(arguments);
        }
        catch (FormatException exception)
        {
            Console.Error.WriteLine(exception.Message);
            return 2;
        }

        SoakResult result = form(parsed);
        foreach (string finding in result.Findings)
            Console.WriteLine(finding);
        Console.WriteLine($"{name}: {result}");
        return result.Findings.Count == 0 ? 0 : 1;
    }
}
