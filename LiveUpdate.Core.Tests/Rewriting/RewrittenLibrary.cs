using LiveUpdate.Tests.Infrastructure;
using Mono.Cecil;

namespace LiveUpdate.Tests.Rewriting;

/// <summary>
/// A copy of the programs beside the tests in which the library's code has been changed: to leave out a check that a test must miss, or to
/// let a call fail. The copy is deleted in the end.
/// </summary>
internal sealed class RewrittenLibrary : IDisposable
{
    private const string Library = "LiveUpdate.Core.dll";

    // The compiler, which no program started from a copy needs, is most of the folder.
    private const string LeftOut = "Microsoft.CodeAnalysis";

    /// <summary>Where the copy lies.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("rewritten-").FullName;

    /// <summary>Makes the copy.</summary>
    /// <param name="change">Changes the library.</param>
    /// <param name="part">The folder below the tests that is copied; that of the tests itself unless given.</param>
    public RewrittenLibrary(Action<ModuleDefinition> change, string part = "")
    {
        string source = Path.Combine(AppContext.BaseDirectory, part);
        foreach (string file in Directory.EnumerateFiles(source))
        {
            string name = Path.GetFileName(file);
            if (name != Library && Path.GetExtension(name) is ".dll" or ".json" && !name.StartsWith(LeftOut, StringComparison.Ordinal))
                File.Copy(file, Path.Combine(Folder, name));
        }

        using var resolver = new DefaultAssemblyResolver();
        resolver.AddSearchDirectory(source);
        resolver.AddSearchDirectory(Path.GetDirectoryName(typeof(object).Assembly.Location));
        var parameters = new ReaderParameters { AssemblyResolver = resolver };
        using ModuleDefinition module = ModuleDefinition.ReadModule(Path.Combine(source, Library), parameters);
        change(module);
        module.Write(Path.Combine(Folder, Library));
    }

    /// <summary>Runs one of the programs to its end.</summary>
    /// <param name="name">The assembly, without its extension.</param>
    /// <param name="limit">A program that takes longer is killed.</param>
    /// <param name="arguments">What it is given.</param>
    public ProgramRun Run(string name, TimeSpan limit, params string[] arguments) =>
        ProgramRun.OfAssembly(Path.Combine(Folder, name), limit, arguments);

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
