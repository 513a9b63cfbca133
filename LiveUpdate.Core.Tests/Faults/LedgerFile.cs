using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Faults;

/// <summary>One preserved file as its callbacks left it.</summary>
internal sealed class LedgerFile(FaultyHandler handler, int number)
{
    public FaultyHandler Handler { get; } = handler;

    public int Number { get; } = number;

    public FilePhase Phase { get; set; } = FilePhase.Preserved;

    /// <summary>The data handle that the next callback must get.</summary>
    public ulong Data { get; set; }

    /// <summary>The object it was retrieved as.</summary>
    public TestFile? Object { get; set; }

    /// <summary>Whether the orchestrator was not told the id of that object.</summary>
    public bool HasNoId { get; set; }

    /// <summary>What the one attempt to retrieve it threw.</summary>
    public Exception? Failure { get; set; }
}
