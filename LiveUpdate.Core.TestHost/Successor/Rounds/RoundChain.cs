using System.Diagnostics;

namespace LiveUpdate.TestHost.Successor.Rounds;

/// <summary>
/// Lets a chain of processes play its rounds: starts the first owner, waits until all that came of it have ended, checks what they entered,
/// and starts another first owner as long as rounds are left.
/// </summary>
internal sealed class RoundChain(int count, int seed)
{
    private const string Exited =
        "liveupdate: the predecessor ended, or called off, before it handed over; this successor exits with code 75.";

    // Of no progress at all; far more than a round takes anywhere.
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(3);

    /// <summary>What is wrong; empty if nothing is.</summary>
    public List<string> Faults { get; } = [];

    public LedgerCheck Result { get; } = new();

    public void Play()
    {
        string folder = Directory.CreateTempSubdirectory("rounds-").FullName;
        try
        {
            using var ledger = new Ledger(folder);
            while (ledger.Round < count && Faults.Count == 0)
            {
                PlayFamily(folder, ledger);
                ledger.Enter(LedgerEvent.AllEnded, ledger.Round);
            }

            foreach (LedgerEntry entry in ledger.Read())
                Result.Add(entry);
            Faults.AddRange(Result.Faults);
            if (Faults.Count > 0)
                Faults.AddRange(Around(ledger));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // Of the rounds with a fault and of those beside them; of the last one where it is not known which.
    private IEnumerable<string> Around(Ledger ledger)
    {
        int[] rounds = Result.FaultyRounds.Count > 0 ? [.. Result.FaultyRounds] : [ledger.Round];
        return ledger.Read().Where(entry => Array.Exists(rounds, round => Math.Abs(entry.Round - round) < 2)).Select(static entry => $"    {entry}");
    }

    // Every process has the ends of both pipes: when both are at their end, none is left.
    private void PlayFamily(string folder, Ledger ledger)
    {
        string[] arguments = ThisProgram.With("round-owner", folder, $"{seed}", $"{count}");
        var start = new ProcessStartInfo(ThisProgram.File, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process first = Process.Start(start)!;
        Task<string> output = first.StandardOutput.ReadToEndAsync();
        Task<string> errors = first.StandardError.ReadToEndAsync();
        Task both = Task.WhenAll(output, errors);
        for (int seen = -1; !both.Wait(s_patience); seen = ledger.Read().Count)
        {
            if (ledger.Read().Count != seen)
                continue;
            Faults.Add($"nothing happened for {s_patience}");
            first.Kill(entireProcessTree: true);
            return;
        }

        first.WaitForExit();
        string[] lines = [.. output.Result.Split('\n'), .. errors.Result.Split('\n')];
        Faults.AddRange(lines.Where(static line => line.Length > 0 && line != Exited));
    }
}
