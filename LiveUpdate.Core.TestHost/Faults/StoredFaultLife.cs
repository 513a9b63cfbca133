using System.Globalization;
using LiveUpdate.TestHost.ServiceManager;
using LiveUpdate.TestHost.Successor;

namespace LiveUpdate.TestHost.Faults;

/// <summary>
/// A service whose hand-overs to its service manager each meet another system call that fails: <c>stored-call-faulted SIDE FIRST STEP</c>. SIDE
/// is <c>old</c> for the hand-over, <c>new</c> for the boot. After a hand-over, and after a boot that failed, the manager starts it again; a
/// file says which call is next.
/// </summary>
internal sealed class StoredFaultLife(string side, int first, int step)
{
    private const string Swept = "swept";
    private const string NextFile = "/run/stored-call-faults";
    private const int Events = 3;

    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(15);

    /// <summary>Leads the service through all calls, beside a manager: <c>stored-call-faults SIDE FIRST STEP</c>.</summary>
    public static void RunLab(string[] args)
    {
        string command = $"{ThisProgram.File} {string.Join(' ', ThisProgram.With(["stored-call-faulted", .. args[1..]]))}";
        LabUnit unit = LabUnit.Start("stored", "", $"ExecStart={command}");
        try
        {
            unit.Await(Swept, patience: s_patience);
        }
        finally
        {
            foreach (string line in unit.Lines)
                Scenario.Say(line);
        }
    }

    public static void Run(string[] args) => new StoredFaultLife(args[1], Number(args[2]), Number(args[3])).Run();

    private void Run()
    {
        bool isFirst = !File.Exists(NextFile);
        int failing = isFirst ? first : Number(File.ReadAllText(NextFile));
        File.WriteAllText(NextFile, $"{failing}");
        using LiveUpdateOrchestrator luo = Boot(isFirst ? 0 : failing);
        bool hasFailed = CallFaults.Disarm();
        using LiveUpdateDevice device = luo.OpenDevice();
        if (!isFirst && luo.PreviousUpdate is null)
        {
            Scenario.Say("wrong: a cold start");
            End();
        }

        using ServiceContent content = isFirst ? ServiceContent.Create(Events) : ServiceContent.Retrieve(device);
        Scenario.Say(content.Check() ? "new owner" : "wrong: the new owner has not what there was");
        content.Preserve(device);
        if (!isFirst && side == "new")
            failing = Next(failing, hasFailed);
        if (failing < 0)
            End();
        HandOver(luo, content, failing);
    }

    // The manager would start it again.
    private static void End()
    {
        Scenario.Say(Swept);
        Thread.Sleep(Timeout.Infinite);
    }

    private LiveUpdateOrchestrator Boot(int failing)
    {
        try
        {
            CallFaults.Arm(side == "new" ? Math.Max(failing, 0) : 0, "errno");
            return LiveUpdateOrchestrator.Boot(ServiceLife.Options());
        }
        catch (Exception exception) when (exception is LiveUpdateException or LiveUpdateImageException)
        {
            Scenario.Say($"boots again: {exception.Message}");
            Next(failing, CallFaults.Disarm());
            throw;
        }
    }

    private void HandOver(LiveUpdateOrchestrator luo, ServiceContent content, int failing)
    {
        Leftovers? before = null;
        while (true)
        {
            bool isOver = TryHandOver(luo, side == "old" ? failing : 0);
            bool hasFailed = CallFaults.Disarm();
            if (side == "old")
                failing = Next(failing, hasFailed);
            if (isOver)
                return;
            if (!content.Check())
                Scenario.Say($"wrong: before call {failing} the old owner has not what there was");
            var after = Leftovers.Now();
            if (before is not null && after.Exceeds(before))
                Scenario.Say($"wrong: before call {failing} is left over: {before} has become {after}");
            before ??= after;
        }
    }

    private static bool TryHandOver(LiveUpdateOrchestrator luo, int failing)
    {
        CallFaults.Arm(failing, "errno");
        try
        {
            luo.HandOver(HandoverTarget.ServiceManager());
            return true;
        }
        catch (LiveUpdateException exception)
        {
            Scenario.Say($"called off: {exception.Message}");
            return false;
        }
    }

    /// <summary>Notes which call is to fail next: none any more when there was no such call.</summary>
    private int Next(int failing, bool hasFailed)
    {
        int next = hasFailed && failing >= 0 ? failing + step : -1;
        File.WriteAllText(NextFile, $"{next}");
        return next;
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
