using System.Diagnostics;

namespace LiveUpdate.Benchmarks;

/// <summary>The programs whose pause is measured, built for it: natively, for the JIT, and the one in C where there is a compiler.</summary>
/// <param name="Native">How the natively compiled one is started.</param>
/// <param name="Jit">How the other is started.</param>
/// <param name="Peer">The C program; null where there is no <c>gcc</c>.</param>
/// <param name="ScratchFile">A file that may be written.</param>
internal sealed record PausePrograms(IReadOnlyList<string> Native, IReadOnlyList<string> Jit, string? Peer, string ScratchFile)
{
    private const string Name = "PauseProgram";

    /// <summary>Builds them into <c>artifacts/pause</c>.</summary>
    public static PausePrograms Build()
    {
        string root = FindRoot();
        string source = Path.Combine(root, "LiveUpdate.Core.Benchmarks", Name);
        string output = Path.Combine(root, "artifacts", "pause");
        string native = Path.Combine(output, "native");
        string jit = Path.Combine(output, "jit");
        Run("dotnet", "publish", source, "-c", "Release", "-r", "linux-x64", "-p:PublishAot=true", "-v", "q", "-o", native);
        Run("dotnet", "publish", source, "-c", "Release", "-v", "q", "-o", jit);
        string? peer = Path.Combine(output, "pause-peer");
        if (!TryRun("gcc", "-O2", "-o", peer, Path.Combine(source, "pause-peer.c")))
        {
            Console.WriteLine("No gcc here: the C program is left out.");
            peer = null;
        }

        return new PausePrograms([Path.Combine(native, Name)], ["dotnet", Path.Combine(jit, Name + ".dll")], peer, Path.Combine(output, "ram"));
    }

    /// <summary>The folder of the solution.</summary>
    public static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "LiveUpdate.Core.sln")))
                return folder.FullName;
        }

        throw new InvalidOperationException("The sources are not above the benchmark's own folder.");
    }

    /// <summary>Runs a program, which must end well.</summary>
    public static void Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(program, arguments);
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}.");
    }

    private static bool TryRun(string program, params string[] arguments)
    {
        try
        {
            Run(program, arguments);
            return true;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
