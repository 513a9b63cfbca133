namespace LiveUpdate.Interleavings;

/// <summary>What is run under every schedule; it throws if what it sees is against the reference.</summary>
/// <param name="Name">Its name, with the number of the reference's rule.</param>
/// <param name="Run">Makes an orchestrator, lets threads loose on it, and looks at what is there in the end.</param>
internal sealed record Scenario(string Name, Action Run)
{
    /// <summary>Whether threads change at accesses to fields too, not only at locks and atomic operations.</summary>
    public bool InterleavesFields { get; init; }
}
