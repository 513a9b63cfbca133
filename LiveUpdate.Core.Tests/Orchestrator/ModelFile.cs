namespace LiveUpdate.Tests.Orchestrator;

/// <summary>A file of <see cref="ModelLife"/>; the handlers share the numbers, even and odd.</summary>
internal sealed class ModelFile(int number)
{
    public int Number { get; } = number;

    /// <summary>Whether its handler is the one that comes and goes.</summary>
    public bool IsOdd => Number % 2 != 0;

    public bool IsBusy { get; set; }

    public bool IsRetrieved { get; set; }

    public bool HasFailed { get; set; }
}
