namespace LiveUpdate.TestHost.Successor;

/// <summary>
/// A program that comes to rest when its successor is warm, and preserves its last file then: <c>resting NEW [retry]</c>, where NEW says at
/// which phase the new process dies.
/// </summary>
internal static class RestingLife
{
    public static void Run(string[] args)
    {
        using LiveUpdateOrchestrator luo = LiveUpdateOrchestrator.Boot(SuccessorLife.Options(Victim.Parse(args[1])));
        using LiveUpdateDevice device = luo.OpenDevice();
        if (luo.PreviousUpdate is not null)
        {
            using Session incoming = device.RetrieveSession("resting");
            Scenario.Say($"new owner {string.Join(' ', incoming.GetFiles().Select(file => incoming.Retrieve<Note>(file.Token).Text))}");
            incoming.Finish();
            return;
        }

        using Session session = device.CreateSession("resting");
        session.Preserve(1, new Note("early", 1));
        Session? late = null;
        var options = new SuccessorOptions
        {
            Quiesce = _ =>
            {
                session.Preserve((ulong)session.GetFiles().Count + 1, new Note("late", 2));
                late = device.CreateSession("what the way back takes back");
                Scenario.Say("at rest");
            },
            Resume = () =>
            {
                late!.Dispose();
                Scenario.Say("goes on");
            },
            Arguments = ["resting", args[1]],
        };
        if (!SuccessorLife.TryHandOver(luo, HandoverTarget.Successor(options)) && args.Length > 2)
            SuccessorLife.TryHandOver(luo, HandoverTarget.Successor(new SuccessorOptions { Arguments = ["resting", "-"] }));
    }
}
