namespace LiveUpdate.Tests.Orchestrator;

/// <summary>A session of <see cref="ModelLife"/>.</summary>
internal sealed class ModelSession(string name, int generation)
{
    public string Name { get; } = name;

    /// <summary>The number of the update that began its generation.</summary>
    public int Generation { get; } = generation;

    public List<(ulong Token, ModelFile File)> Files { get; private init; } = [];

    public bool IsClaimed { get; set; }

    public bool IsFinished { get; set; }

    /// <summary>How many objects that a caller had of it are closed: a caller has had one, and asks for it by its number.</summary>
    public int Closed { get; set; }

    /// <summary>Whether an operation is half way through it, so that others wait.</summary>
    public bool IsEntered { get; set; }

    public ModelFile? Find(ulong token) => Files.Find(entry => entry.Token == token).File;

    public ModelSession HandedOver() => new(Name, Generation + 1)
    {
        Files = [.. Files.Select(static entry => (entry.Token, new ModelFile(entry.File.Number)))],
    };
}
