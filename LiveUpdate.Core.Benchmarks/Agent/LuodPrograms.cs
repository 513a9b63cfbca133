namespace LiveUpdate.Benchmarks.Agent;

/// <summary>The daemon, as it is started in each of its forms.</summary>
internal static class LuodPrograms
{
    private const string Name = "luod";

    /// <summary>The one that is compiled when it runs, which was built with this program.</summary>
    public static string[] Jit => ["dotnet", Path.Combine(AppContext.BaseDirectory, Name + ".dll")];

    /// <summary>Builds the one that is compiled ahead of time, into <c>artifacts/luod</c>.</summary>
    /// <exception cref="InvalidOperationException">It cannot be built.</exception>
    public static string[] BuildNative()
    {
        string root = PausePrograms.FindRoot();
        string output = Path.Combine(root, "artifacts", Name);
        string source = Path.Combine(root, "samples", "Luod");
        PausePrograms.Run("dotnet", "publish", source, "-c", "Release", "-r", "linux-x64", "-p:PublishAot=true", "-v", "q", "-o", output);
        return [Path.Combine(output, Name)];
    }
}
