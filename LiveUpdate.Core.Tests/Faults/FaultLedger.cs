using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Faults;

/// <summary>
/// What every callback of a life was told, entered by the callbacks themselves: whether each was due, and what must follow from them for the
/// books of the orchestrator.
/// </summary>
internal sealed class FaultLedger
{
    private readonly Dictionary<string, FlbPhase> _outgoingFlbs = [];
    private readonly Dictionary<string, FlbPhase> _incomingFlbs = [];

    /// <summary>The preserved files by session and token.</summary>
    public Dictionary<(string Session, ulong Token), LedgerFile> Outgoing { get; private set; } = [];

    /// <summary>The files that were handed over and are not finished.</summary>
    public Dictionary<(string Session, ulong Token), LedgerFile> Incoming { get; private set; } = [];

    /// <summary>The callbacks that were not due; an exception would be taken for a callback that fails.</summary>
    public List<string> Violations { get; } = [];

    public FlbPhase OutgoingFlb(string name) => _outgoingFlbs.GetValueOrDefault(name);

    public FlbPhase IncomingFlb(string name) => _incomingFlbs.GetValueOrDefault(name);

    /// <summary>Enters a file that was preserved.</summary>
    public void Preserve(string session, Token token, LedgerFile file)
    {
        if (!Outgoing.TryAdd((session, token.Value), file))
            Violations.Add($"{session} {token}: preserved twice");
        Expect(file.Handler.Flbs.All(flb => OutgoingFlb(flb.Compatible) == FlbPhase.Held), session, token, "preserved without its FLBs");
    }

    /// <summary>Takes out a file that is unpreserved.</summary>
    public LedgerFile Unpreserve(string session, Token token, ulong data)
    {
        LedgerFile file = Move(Outgoing, session, token, data, "unpreserved", FilePhase.Preserved, FilePhase.Preserved);
        Expect(file.Handler.Flbs.All(flb => OutgoingFlb(flb.Compatible) == FlbPhase.Held), session, token, "unpreserved after its FLBs");
        Outgoing.Remove((session, token.Value));
        return file;
    }

    public LedgerFile Freeze(string session, Token token, ulong data) =>
        Move(Outgoing, session, token, data, "frozen", FilePhase.Preserved, FilePhase.Preserved);

    public void Unfreeze(string session, Token token, ulong data) =>
        Move(Outgoing, session, token, data, "unfrozen", FilePhase.Frozen, FilePhase.Preserved);

    /// <summary>A file is being retrieved, once.</summary>
    public LedgerFile Retrieve(string session, Token token, ulong data) =>
        Move(Incoming, session, token, data, "retrieved", FilePhase.Listed, FilePhase.Failed);

    /// <summary>Takes out a file that is finished.</summary>
    public LedgerFile Finish(string session, Token token, ulong data, FileStatus status, TestFile? file)
    {
        LedgerFile found = Find(Incoming, session, token, data, "finished");
        FileStatus expected = found.Phase switch
        {
            FilePhase.Retrieved => FileStatus.Retrieved,
            FilePhase.Failed => FileStatus.Failed,
            _ => FileStatus.Listed,
        };
        Expect(status == expected, session, token, $"finished as {status}, and is {found.Phase}");
        Expect(ReferenceEquals(file, found.Object), session, token, "finished with another object");
        Expect(found.Handler.Flbs.All(flb => IncomingFlb(flb.Compatible) is not FlbPhase.Finished), session, token, "finished after its FLBs");
        Incoming.Remove((session, token.Value));
        return found;
    }

    /// <summary>A callback of an FLB's outgoing side leads from one phase to another.</summary>
    public void MoveOutgoingFlb(string name, FlbPhase from, FlbPhase to) => MoveFlb(_outgoingFlbs, name, from, to);

    /// <summary>A callback of an FLB's incoming side leads from one phase to another.</summary>
    public void MoveIncomingFlb(string name, FlbPhase from, FlbPhase to) => MoveFlb(_incomingFlbs, name, from, to);

    /// <summary>A generation has ended: every file was frozen, nothing of the one before is left.</summary>
    public void HandOver()
    {
        Violations.AddRange(Outgoing.Where(static file => file.Value.Phase != FilePhase.Frozen).Select(static file => $"{file.Key}: handed over and not frozen"));
        Violations.AddRange(Incoming.Keys.Select(static file => $"{file}: never finished"));
        Violations.AddRange(_incomingFlbs
            .Where(static flb => flb.Value is FlbPhase.Dormant or FlbPhase.Live)
            .Select(static flb => $"FLB {flb.Key}: {flb.Value} at the end of its generation"));
        foreach (LedgerFile file in Outgoing.Values)
            file.Phase = FilePhase.Listed;
        (Incoming, Outgoing) = (Outgoing, []);
        foreach ((string name, FlbPhase phase) in _outgoingFlbs)
            _incomingFlbs[name] = phase == FlbPhase.Held ? FlbPhase.Dormant : FlbPhase.Idle;
        _outgoingFlbs.Clear();
    }

    /// <summary>How many preserved files hold an FLB.</summary>
    public int FilesOf(string flb, bool isIncoming) =>
        (isIncoming ? Incoming : Outgoing).Values.Count(file => file.Handler.Flbs.Any(linked => linked.Compatible == flb));

    private LedgerFile Move(
        Dictionary<(string, ulong), LedgerFile> side, string session, Token token, ulong data, string what, FilePhase from, FilePhase to)
    {
        LedgerFile file = Find(side, session, token, data, what);
        Expect(file.Phase == from, session, token, $"{what} while {file.Phase}");
        file.Phase = to;
        return file;
    }

    private LedgerFile Find(Dictionary<(string, ulong), LedgerFile> side, string session, Token token, ulong data, string what)
    {
        if (!side.TryGetValue((session, token.Value), out LedgerFile? file))
        {
            Violations.Add($"{session} {token}: {what}, and there is no such file");
            throw new InvalidOperationException(Violations[^1]);
        }

        Expect(file.Data == data, session, token, $"{what} with the data handle {data:X}, not {file.Data:X}");
        return file;
    }

    private void MoveFlb(Dictionary<string, FlbPhase> side, string name, FlbPhase from, FlbPhase to)
    {
        if (side.GetValueOrDefault(name) != from)
            Violations.Add($"FLB {name}: to {to} while {side.GetValueOrDefault(name)}");
        side[name] = to;
    }

    private void Expect(bool holds, string session, Token token, string otherwise)
    {
        if (!holds)
            Violations.Add($"{session} {token}: {otherwise}");
    }
}
