using System.Collections.Concurrent;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace LiveUpdate.Tests.Architecture;

/// <summary>The folders are the architecture: an arrow between them may only point down.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class FolderArrowTests
{
    private const string Root = "(root)";

    /// <summary>Each folder, from the top, and what it may use beside Primitives.</summary>
    private static readonly Dictionary<string, string[]> s_mayUse = new()
    {
        ["Agent"] = [Root, "Handover", "Kernel", "Handlers", "Orchestrator", "Observation", "Sessions", "Files", "FileLifecycleBound", "Kho", "Serialization", "Abi", "Interop"],
        [Root] = ["Handover", "Kernel", "Handlers", "Orchestrator", "Observation", "Sessions", "Files", "FileLifecycleBound", "Kho", "Serialization", "Abi", "Interop"],
        ["Handover"] = ["Kernel", "Handlers", "Orchestrator", "Observation", "Sessions", "Files", "FileLifecycleBound", "Kho", "Serialization", "Abi", "Interop"],
        ["Kernel"] = ["Orchestrator", "Sessions", "Files", "Abi", "Interop"],
        ["Handlers"] = ["Files", "Kho", "Serialization", "Abi", "Interop"],
        ["Orchestrator"] = ["Observation", "Sessions", "Files", "FileLifecycleBound", "Kho", "Serialization", "Abi", "Interop"],
        ["Observation"] = [],
        ["Sessions"] = ["Files", "FileLifecycleBound", "Kho", "Serialization", "Abi", "Interop"],
        ["Files"] = ["FileLifecycleBound", "Kho", "Serialization", "Abi", "Interop"],
        ["FileLifecycleBound"] = ["Kho", "Serialization", "Abi", "Interop"],
        ["Kho"] = ["Serialization", "Abi", "Interop"],
        ["Serialization"] = ["Abi"],
        ["Abi"] = [],
        ["Interop"] = [],
        ["Primitives"] = [],
    };

    private static readonly string[] s_mayBeUnsafe = ["Kho", "Abi", "Serialization", "Interop"];

    private static readonly Lazy<CSharpCompilation> s_compilation = new(Compile);

    private static readonly string s_source = Path.Combine(FindRoot(), "LiveUpdate.Core");

    [Test]
    public void Arrows_between_folders_point_down()
    {
        CSharpCompilation compilation = s_compilation.Value;
        var wrong = new ConcurrentDictionary<string, bool>(StringComparer.Ordinal);
        Parallel.ForEach(compilation.SyntaxTrees, tree =>
        {
            string from = FolderOf(tree);
            Assert.That(s_mayUse, Contains.Key(from), $"{tree.FilePath} is in a folder that the architecture does not name");
            SemanticModel model = compilation.GetSemanticModel(tree);
            foreach (SimpleNameSyntax name in tree.GetRoot().DescendantNodes().OfType<SimpleNameSyntax>())
            {
                foreach (string to in FoldersOf(model.GetSymbolInfo(name).Symbol))
                {
                    if (to != from && !(to == "Primitives" && from != "Abi") && !s_mayUse[from].Contains(to))
                        wrong.TryAdd($"{from} -> {to}: {Path.GetFileName(tree.FilePath)} uses {name}", true);
                }
            }
        });

        Assert.That(wrong.Keys.Order(StringComparer.Ordinal), Is.Empty);
    }

    [Test]
    public void The_test_sees_an_arrow_that_points_up()
    {
        CSharpCompilation compilation = s_compilation.Value;
        SyntaxTree files = compilation.SyntaxTrees.First(tree => Path.GetFileName(tree.FilePath) == "IncomingFileSet.cs");
        SemanticModel model = compilation.GetSemanticModel(files);
        IEnumerable<string> used = files.GetRoot().DescendantNodes().OfType<SimpleNameSyntax>().SelectMany(name => FoldersOf(model.GetSymbolInfo(name).Symbol));
        Assert.That(used.Distinct(), Is.SupersetOf(new[] { "FileLifecycleBound", "Kho", "Serialization", "Abi", "Primitives" }));
    }

    [Test]
    public void Unsafe_code_sits_in_the_lower_folders_only() =>
        Assert.That(
            s_compilation.Value.SyntaxTrees.Where(tree => !s_mayBeUnsafe.Contains(FolderOf(tree)))
                .Where(tree => tree.GetRoot().DescendantTokens().Any(token => token.IsKind(SyntaxKind.UnsafeKeyword)))
                .Select(tree => tree.FilePath),
            Is.Empty);

    [Test]
    public void A_file_holds_one_type() =>
        Assert.That(
            s_compilation.Value.SyntaxTrees.Where(tree => tree.GetRoot().DescendantNodes().OfType<BaseTypeDeclarationSyntax>().Count(type => type.Parent is not TypeDeclarationSyntax) > 1)
                .Select(tree => tree.FilePath),
            Is.Empty);

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(TestContext.CurrentContext.TestDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "LiveUpdate.Core.sln")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("The tests do not lie in the repository.");
    }

    private static IEnumerable<SyntaxTree> Trees()
    {
        string build = Path.Combine(s_source, "obj") + Path.DirectorySeparatorChar;
        string output = Path.Combine(s_source, "bin") + Path.DirectorySeparatorChar;
        CSharpParseOptions options = CSharpParseOptions.Default.WithLanguageVersion(LanguageVersion.Preview);
        return Directory.EnumerateFiles(s_source, "*.cs", SearchOption.AllDirectories)
            .Where(path => !path.StartsWith(build, StringComparison.Ordinal) && !path.StartsWith(output, StringComparison.Ordinal))
            .Select(path => CSharpSyntaxTree.ParseText(File.ReadAllText(path), options, path));
    }

    private static CSharpCompilation Compile()
    {
        string usings = string.Join('\n', new[] { "System", "System.Collections.Generic", "System.IO", "System.Linq", "System.Threading", "System.Threading.Tasks" }
            .Select(name => $"global using {name};"));
        CSharpParseOptions options = CSharpParseOptions.Default.WithLanguageVersion(LanguageVersion.Preview);
        IEnumerable<MetadataReference> references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetFileName(path) != "LiveUpdate.Core.dll")
            .Select(path => MetadataReference.CreateFromFile(path));
        return CSharpCompilation.Create(
            "LiveUpdate.Core",
            [.. Trees(), CSharpSyntaxTree.ParseText(usings, options, Path.Combine(s_source, "Primitives", "Usings.g.cs"))],
            references,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true));
    }

    private static string FolderOf(SyntaxTree tree)
    {
        string[] parts = Path.GetRelativePath(s_source, tree.FilePath).Split(Path.DirectorySeparatorChar);
        return parts.Length == 1 ? Root : parts[0];
    }

    /// <summary>The folders that declare a symbol's type; none for a namespace, or for what is not of the library.</summary>
    private static IEnumerable<string> FoldersOf(ISymbol? symbol)
    {
        INamedTypeSymbol? type = symbol as INamedTypeSymbol ?? symbol?.ContainingType;
        return type is null ? [] : type.DeclaringSyntaxReferences.Select(reference => FolderOf(reference.SyntaxTree)).Distinct();
    }
}
