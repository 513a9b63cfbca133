namespace LiveUpdate.TestHost.Successor.Rounds;

/// <summary>
/// Goes through a ledger line by line: at most one process is the owner at any time, and where none is left, the owner itself was the one
/// that died.
/// </summary>
internal sealed class LedgerCheck
{
    private readonly HashSet<int> _dead = [];
    private readonly HashSet<int> _committed = [];
    private readonly HashSet<int> _saidGo = [];
    private readonly HashSet<int> _replaced = [];
    private readonly Dictionary<string, int> _counts = [];
    private int _owner;
    private int _round;
    private bool _frozen;
    private bool _handedOver;
    private bool _ended;
    private bool _oldDied;
    private bool _newDied;

    /// <summary>What is wrong; empty if nothing is.</summary>
    public List<string> Faults { get; } = [];

    /// <summary>The rounds in which something is.</summary>
    public HashSet<int> FaultyRounds { get; } = [];

    /// <summary>How often what happened.</summary>
    public IReadOnlyDictionary<string, int> Counts => _counts;

    public void Add(LedgerEntry entry)
    {
        switch (entry.Event)
        {
            case LedgerEvent.Begins:
                Begin(entry);
                break;
            case LedgerEvent.Tries:
                Require(IsOwner(entry) && !_frozen, entry, "only the owner hands over");
                (_round, _oldDied, _newDied, _handedOver) = (entry.Round, false, false, false);
                Count("rounds");
                Count(entry.Text.Contains("Adopts = True", StringComparison.Ordinal) ? "adopted" : "started");
                break;
            case LedgerEvent.Freezes:
                Require(IsOwner(entry) && !_frozen, entry, "only the owner freezes");
                _frozen = true;
                break;
            case LedgerEvent.Thaws:
                Require(IsOwner(entry) && _frozen && !_committed.Contains(entry.Process), entry, "it is not the owner any more");
                _frozen = false;
                break;
            case LedgerEvent.SaysGo:
                Require(IsOwner(entry) ? _frozen : _replaced.Contains(entry.Process), entry, "the go comes after the freeze");
                _saidGo.Add(entry.Process);
                break;
            case LedgerEvent.Commits:
                Require(IsOwner(entry) ? _frozen : _replaced.Contains(entry.Process), entry, "the commit comes after the freeze");
                _committed.Add(entry.Process);
                break;
            case LedgerEvent.CalledOff:
                Require(IsOwner(entry) && !_frozen && _newDied, entry, "it is called off by the successor's death alone, and goes on");
                _saidGo.Remove(entry.Process);
                Count("called off");
                break;
            case LedgerEvent.HandedOver:
                Require(_committed.Contains(entry.Process), entry, "there was no commit");

                // The new owner may have begun the next round before the old one said so.
                _handedOver |= entry.Round == _round;
                Count("handed over");
                break;
            case LedgerEvent.Lost:
                Require(_committed.Contains(entry.Process) && _newDied, entry, "it is lost by the new owner's death alone");
                if (IsOwner(entry))
                    _owner = 0;
                Count("lost after the commit");
                break;
            case LedgerEvent.Dies:
                _dead.Add(entry.Process);
                _oldDied |= entry.Text == nameof(RoundVictim.Old);
                _newDied |= entry.Text == nameof(RoundVictim.New);
                Count(_oldDied ? "old died" : "new died");
                break;
            case LedgerEvent.TurnedAway:
                Require((_oldDied || _dead.Contains(_owner)) && !IsOwner(entry), entry, "nobody else turns a successor away");
                break;
            case LedgerEvent.Ends:
                Require(IsOwner(entry) && !_frozen, entry, "only the owner ends the game");
                _ended = true;
                break;
            case LedgerEvent.AllEnded:
                End(entry);
                break;
            case LedgerEvent.Fault:
                Require(false, entry, "fault");
                break;
        }
    }

    private void Begin(LedgerEntry entry)
    {
        bool isCold = entry.Text == "cold";
        if (_owner != 0)
        {
            Require(_frozen && !isCold, entry, $"process {_owner} is the owner");
            _replaced.Add(_owner);
        }
        else
        {
            Require(isCold, entry, "nobody handed over to it");
        }

        Count(isCold ? "cold starts" : "take-overs");
        (_owner, _frozen) = (entry.Process, false);
    }

    // Whoever began beside another did so by its commit or its death, which may stand later in the ledger than the beginning.
    private void End(LedgerEntry entry)
    {
        foreach (int replaced in _replaced)
            Require(_committed.Contains(replaced) || _dead.Contains(replaced), entry, $"process {replaced} was replaced without a commit and without its death");
        if (_owner != 0 && !_frozen)
            Require(_ended || _dead.Contains(_owner), entry, $"the owner {_owner} vanished");
        else if (_owner != 0 && _handedOver)
            Require(_newDied, entry, "the new owner vanished");
        else if (_owner != 0)
            Require(_dead.Contains(_owner) && !_saidGo.Contains(_owner), entry, $"nobody took over from process {_owner}");
        if (_owner != 0 && _frozen && !_handedOver)
            Count("old died before the go");
        (_owner, _frozen, _handedOver) = (0, false, false);

        // A number is given to another process sooner or later.
        _replaced.Clear();
        _committed.Clear();
        _saidGo.Clear();
        _dead.Clear();
    }

    private bool IsOwner(LedgerEntry entry) => entry.Process == _owner;

    private void Count(string what) => _counts[what] = _counts.GetValueOrDefault(what) + 1;

    private void Require(bool condition, LedgerEntry entry, string what)
    {
        if (condition)
            return;
        Faults.Add($"{entry}: {what}");
        FaultyRounds.Add(entry.Round);
    }
}
