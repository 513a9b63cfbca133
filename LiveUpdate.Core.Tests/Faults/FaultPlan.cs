namespace LiveUpdate.Tests.Faults;

/// <summary>Counts the steps of one kind that a life takes, and lets those of certain numbers fail.</summary>
/// <param name="kind">The kind of step.</param>
/// <param name="error">What callbacks throw.</param>
/// <param name="failing">The numbers of the steps that fail, the first being 1.</param>
internal sealed class FaultPlan(FaultKind kind, FaultError error, params int[] failing)
{
    private readonly List<Fault> _untaken = [];

    public FaultKind Kind => kind;

    /// <summary>How many steps of the kind there were.</summary>
    public int Steps { get; private set; }

    /// <summary>How many of them failed.</summary>
    public int Failures { get; private set; }

    /// <summary>A callback is made; throws if it is to fail.</summary>
    public void Callback(string operation, string owner)
    {
        if (!Fails(FaultKind.Callback))
            return;
        string message = $"{operation} of {owner} is let fail";
        Exception exception = error == FaultError.Errno
            ? new LiveUpdateException(LiveUpdateError.NoSpace, message)
            : new InvalidOperationException(message);
        _untaken.Add(new Fault(operation, owner, exception));
        throw exception;
    }

    /// <summary>Memory is wanted.</summary>
    /// <returns>Whether there is to be none.</returns>
    public bool Memory(FaultKind memory)
    {
        if (!Fails(memory))
            return false;
        _untaken.Add(new Fault($"{memory}"));
        return true;
    }

    /// <summary>What failed since the last time, in order.</summary>
    public List<Fault> Take()
    {
        List<Fault> taken = [.. _untaken];
        _untaken.Clear();
        return taken;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{kind} {string.Join(' ', failing)} ({error})";

    private bool Fails(FaultKind step)
    {
        if (step != kind)
            return false;
        Steps++;
        if (!failing.Contains(Steps))
            return false;
        Failures++;
        return true;
    }
}
