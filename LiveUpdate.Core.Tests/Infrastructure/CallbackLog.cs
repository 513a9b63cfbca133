namespace LiveUpdate.Tests.Infrastructure;

/// <summary>
/// The callbacks of all handlers and FLBs of a scenario in order, and a script of what each of them does: fail, refuse, wait, run
/// something.
/// </summary>
/// <remarks>Safe for threads; what the script says runs outside the lock, so that a callback can wait for another.</remarks>
internal sealed class CallbackLog
{
    private readonly Lock _lock = new();
    private readonly List<CallbackCall> _calls = [];
    private readonly Dictionary<string, Func<bool>> _script = [];
    private int _taken;

    /// <summary>Whether calls are kept; where millions are made only the script counts.</summary>
    public bool KeepsCalls { get; init; } = true;

    /// <summary>Every callback since the beginning.</summary>
    public IReadOnlyList<CallbackCall> Calls
    {
        get
        {
            lock (_lock)
                return [.. _calls];
        }
    }

    /// <summary>Lets a callback run something each time; it fails with what that throws.</summary>
    public void On(string name, Action action) => Script(name, () =>
    {
        action();
        return true;
    });

    /// <summary>Lets a callback fail.</summary>
    public void Fail(string name, LiveUpdateError error = LiveUpdateError.InputOutput) =>
        On(name, () => throw new LiveUpdateException(error, name));

    /// <summary>Lets a <c>can</c> or <c>cfin</c> say no.</summary>
    public void Refuse(string name) => Script(name, static () => false);

    /// <summary>Lets a callback succeed again.</summary>
    public void Heal(string name)
    {
        lock (_lock)
            _script.Remove(name);
    }

    /// <summary>The trace of this step: what was called since the last time, separated by blanks.</summary>
    public string Take()
    {
        lock (_lock)
        {
            string trace = string.Join(' ', _calls.Skip(_taken).Select(static call => call.Name));
            _taken = _calls.Count;
            return trace;
        }
    }

    /// <summary>As <see cref="Take"/>, without the <c>can</c> that comes before every preserve.</summary>
    public string TakeWithoutCan() =>
        string.Join(' ', Take().Split(' ').Where(static name => !name.StartsWith("can", StringComparison.Ordinal)));

    /// <summary>The newest call of a callback.</summary>
    public CallbackCall Last(string name) => Calls.Last(call => call.Name == name);

    /// <summary>How often a callback was called.</summary>
    public int Count(string name) => Calls.Count(call => call.Name == name);

    /// <summary>Notes a call, then does what the script says.</summary>
    /// <returns>False if the script says no.</returns>
    public bool Record(CallbackCall call)
    {
        if (KeepsCalls)
        {
            lock (_lock)
                _calls.Add(call);
        }

        return Run(call.Name);
    }

    /// <summary>Does what the script says and leaves no trace.</summary>
    /// <returns>False if the script says no.</returns>
    public bool Run(string name)
    {
        Func<bool>? action;
        lock (_lock)
            _script.TryGetValue(name, out action);
        return action is null || action();
    }

    private void Script(string name, Func<bool> action)
    {
        lock (_lock)
            _script[name] = action;
    }
}
