using Mono.Cecil;

namespace LiveUpdate.Interleavings.Control;

/// <summary>Copies the program and the library, with <see cref="MonitorLock"/> in the place of <see cref="Lock"/>.</summary>
internal static class LockReplacement
{
    private static readonly string[] s_rewritten = ["LiveUpdate.Core.dll", "LiveUpdate.Core.Interleavings.dll"];

    public static void Run(string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (string file in Directory.EnumerateFiles(AppContext.BaseDirectory))
        {
            string name = Path.GetFileName(file);
            if (Path.GetExtension(name) is ".dll" or ".json")
                File.Copy(file, Path.Combine(folder, name), overwrite: true);
        }

        foreach (string name in s_rewritten)
            Replace(Path.Combine(AppContext.BaseDirectory, name), Path.Combine(folder, name));
    }

    private static void Replace(string source, string target)
    {
        using var resolver = new DefaultAssemblyResolver();
        resolver.AddSearchDirectory(AppContext.BaseDirectory);
        resolver.AddSearchDirectory(Path.GetDirectoryName(typeof(object).Assembly.Location));
        using ModuleDefinition module = ModuleDefinition.ReadModule(source, new ReaderParameters { AssemblyResolver = resolver });
        TypeReference[] locks = [.. module.GetTypeReferences().Where(static type => type.FullName == typeof(Lock).FullName)];
        if (locks.Length == 0)
            throw new InvalidOperationException($"{source} has no lock.");
        foreach (TypeReference reference in locks)
        {
            // The nested scope follows: it refers to this as its declaring type.
            (reference.Namespace, reference.Name) = (typeof(MonitorLock).Namespace, nameof(MonitorLock));
            reference.Scope = module.Assembly.Name.Name == typeof(MonitorLock).Assembly.GetName().Name ? module : ReferenceTo(module);
        }

        module.Write(target);
    }

    private static AssemblyNameReference ReferenceTo(ModuleDefinition module)
    {
        var reference = AssemblyNameReference.Parse(typeof(MonitorLock).Assembly.FullName!);
        module.AssemblyReferences.Add(reference);
        return reference;
    }
}
