namespace LiveUpdate.TestHost;

/// <summary>How this program is started once more: by the <c>dotnet</c> host, or by itself when it was compiled ahead of time.</summary>
internal static class ThisProgram
{
    private static readonly bool s_isHosted = System.IO.Path.GetFileNameWithoutExtension(Environment.ProcessPath!) == "dotnet";

    /// <summary>The file to execute.</summary>
    public static string File => Environment.ProcessPath!;

    /// <summary>What it is given so that this program gets these arguments.</summary>
    public static string[] With(params string[] arguments) => s_isHosted ? [Environment.GetCommandLineArgs()[0], .. arguments] : arguments;
}
