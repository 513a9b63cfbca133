using System.Diagnostics;

namespace LiveUpdate.TestHost.Successor.Rounds;

/// <summary>
/// A process of a chain, <c>round-owner FOLDER SEED COUNT</c>, or one that connects, <c>round-adopted</c>: boots, takes over what there is,
/// checks it, and hands over round after round until one succeeds, it dies, or every round has been played.
/// </summary>
internal sealed class RoundOwner : IDisposable
{
    private const string SessionName = "chain";

    private readonly string[] _args;
    private readonly string _folder;
    private readonly int _seed;
    private readonly int _count;
    private readonly Ledger _ledger;
    private readonly OwnerHandler _handler;

    private RoundOwner(string[] args)
    {
        _args = args;
        _folder = args[1];
        _seed = int.Parse(args[2]);
        _count = int.Parse(args[3]);
        _ledger = new Ledger(_folder);
        _handler = new OwnerHandler(_ledger);
    }

    public static void Run(string[] args)
    {
        using var owner = new RoundOwner(args);
        int round = owner._ledger.Round;
        try
        {
            owner.Live(round);
        }
        catch (LiveUpdateException exception)
        {
            owner._ledger.Enter(LedgerEvent.TurnedAway, round, exception.Message);
        }
        catch (Exception exception)
        {
            owner._ledger.End(round, exception.ToString());
        }
    }

    public void Dispose() => _ledger.Dispose();

    private void Live(int round)
    {
        using LiveUpdateOrchestrator luo = LiveUpdateOrchestrator.Boot(Options(round));
        _ledger.Lock(round);
        IReadOnlyList<int> owners = OwnersUntilNow();
        _ledger.Enter(LedgerEvent.Begins, round, luo.PreviousUpdate?.Target ?? "cold");
        using LiveUpdateDevice device = luo.OpenDevice();
        using RoundContent content = luo.PreviousUpdate is null ? RoundContent.Create() : Retrieve(device);
        Check(content, owners, round);
        using Session session = device.CreateSession(SessionName);
        content.Begin(session, _ledger);
        owners = [.. owners, Environment.ProcessId];
        while (Play(luo, content))
            Check(content, owners, _ledger.Round);
    }

    private LiveUpdateOptions Options(int round)
    {
        RoundPlan plan = RoundPlan.Of(_seed, round);
        LiveUpdateOptions options = SuccessorLife.Options();
        options.Handlers.Add(_handler);
        if (plan.Victim == RoundVictim.New && round > 0)
            options.SuccessorReached = phase => DieAsPlanned(plan, phase, round);
        if (_args[0] == "round-adopted")
            options.Predecessor = new PredecessorOptions(SocketOf(round), SecretOf(round));
        return options;
    }

    // Since the last cold start.
    private IReadOnlyList<int> OwnersUntilNow()
    {
        IReadOnlyList<LedgerEntry> entries = _ledger.Read();
        int start = entries.ToList().FindLastIndex(static entry => entry.Event == LedgerEvent.AllEnded) + 1;
        return [.. entries.Skip(start).Where(static entry => entry.Event == LedgerEvent.Begins).Select(static entry => entry.Process)];
    }

    private static RoundContent Retrieve(LiveUpdateDevice device)
    {
        using Session session = device.RetrieveSession(SessionName);
        RoundContent content = RoundContent.Retrieve(session);
        session.Finish();
        return content;
    }

    private void Check(RoundContent content, IReadOnlyList<int> owners, int round)
    {
        if (content.Check(owners) is { } wrong)
            _ledger.End(round, wrong);
    }

    /// <summary>True if this process is still the owner.</summary>
    private bool Play(LiveUpdateOrchestrator luo, RoundContent content)
    {
        int round = _ledger.Round + 1;
        if (round > _count)
        {
            _ledger.Enter(LedgerEvent.Ends, round);
            return false;
        }

        RoundPlan plan = RoundPlan.Of(_seed, round);
        _handler.Round = round;
        _ledger.Enter(LedgerEvent.Tries, round, plan.ToString());
        content.SendByte();
        Leftovers before = Leftovers.Now();
        try
        {
            luo.HandOver(TargetOf(plan, round));
            _ledger.Enter(LedgerEvent.HandedOver, round);
            return false;
        }
        catch (LiveUpdateException exception) when (luo.Engine.Gate.IsOver)
        {
            _ledger.Enter(LedgerEvent.Lost, round, exception.Message);
            return false;
        }
        catch (LiveUpdateException exception)
        {
            _ledger.Enter(LedgerEvent.CalledOff, round, exception.Message);
        }

        if (Leftovers.Now() is var after && after.Exceeds(before))
            _ledger.End(round, $"left over: {before} has become {after}");
        return true;
    }

    private SuccessorTarget TargetOf(RoundPlan plan, int round)
    {
        SuccessorOptions options = plan.Adopts
            ? new SuccessorOptions { ListenPath = SocketOf(round), Secret = SecretOf(round) }
            : new SuccessorOptions { Arguments = ["round-owner", .. _args[1..]] };
        return new SuccessorTarget(options)
        {
            Reached = phase =>
            {
                if (phase == SuccessorPhase.Connected && plan.Adopts)
                    StartOrphan();
                else if (phase == SuccessorPhase.Go)
                    _ledger.Enter(LedgerEvent.SaysGo, round);
                else if (phase == SuccessorPhase.Committed)
                    _ledger.Enter(LedgerEvent.Commits, round);
                if (plan.Victim == RoundVictim.Old)
                    DieAsPlanned(plan, phase, round);
            },
        };
    }

    // A shell starts it in the background and ends: it is nobody's child.
    private void StartOrphan()
    {
        string[] command = [ThisProgram.File, .. ThisProgram.With(["round-adopted", .. _args[1..]])];
        using Process shell = Process.Start("/bin/sh", ["-c", "\"$@\" &", "sh", .. command]);
        shell.WaitForExit();
    }

    private void DieAsPlanned(RoundPlan plan, SuccessorPhase phase, int round)
    {
        if (phase != plan.Phase)
            return;
        Victim.DieAfter(plan.Microseconds, () => _ledger.Enter(LedgerEvent.Dies, round, plan.Victim.ToString()));
    }

    private string SocketOf(int round) => Path.Combine(_folder, $"socket-{round}");

    private static string SecretOf(int round) => $"secret of round {round}";
}
