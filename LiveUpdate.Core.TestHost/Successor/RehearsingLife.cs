namespace LiveUpdate.TestHost.Successor;

/// <summary>
/// A successor that rehearses an update within itself before it says hello: <c>rehearsing NEW [retry]</c>, where NEW is <c>well</c> or
/// <c>badly</c>.
/// </summary>
internal static class RehearsingLife
{
    private const string SessionName = "rehearsing";

    public static void Run(string[] args)
    {
        LiveUpdateOptions options = SuccessorLife.Options();
        options.Rehearse = _ => Rehearse(args[1]);
        using LiveUpdateOrchestrator luo = LiveUpdateOrchestrator.Boot(options);
        if (luo.PreviousUpdate is not null)
        {
            Scenario.Say($"new owner {Retrieve(luo)}");
            return;
        }

        Preserve(luo, "real");
        if (!SuccessorLife.TryHandOver(luo, HandoverTarget.Successor(new SuccessorOptions { Arguments = ["rehearsing", args[1]] })) && args.Length > 2)
            SuccessorLife.TryHandOver(luo, HandoverTarget.Successor(new SuccessorOptions { Arguments = ["rehearsing", "well"] }));
    }

    private static void Rehearse(string how)
    {
        using LiveUpdateOrchestrator cold = LiveUpdateOrchestrator.Boot(SuccessorLife.Options());
        Preserve(cold, "rehearsed");
        using LiveUpdateOrchestrator next = cold.HandOver(HandoverTarget.InProcess(SuccessorLife.Options())).Next;
        Scenario.Say($"{Retrieve(next)} by update {next.UpdateNumber}, cold before: {cold.PreviousUpdate is null}");
        if (how == "badly")
            throw new LiveUpdateException(LiveUpdateError.NotPermitted, "Not fit to take over.");
    }

    private static void Preserve(LiveUpdateOrchestrator luo, string text)
    {
        using LiveUpdateDevice device = luo.OpenDevice();
        device.CreateSession(SessionName).Preserve(1, new Note(text, 1));
    }

    private static string Retrieve(LiveUpdateOrchestrator luo)
    {
        using LiveUpdateDevice device = luo.OpenDevice();
        using Session session = device.RetrieveSession(SessionName);
        string text = session.Retrieve<Note>(1).Text;
        session.Finish();
        return text;
    }
}
