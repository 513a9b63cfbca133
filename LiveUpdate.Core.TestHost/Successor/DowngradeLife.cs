namespace LiveUpdate.TestHost.Successor;

/// <summary>
/// Version 2 hands over to version 1: <c>downgrade VERSION [fail]</c>. With <c>fail</c> a later file refuses to freeze first.
/// </summary>
internal static class DowngradeLife
{
    public static void Run(string[] args)
    {
        int version = int.Parse(args[1]);
        using LiveUpdateOrchestrator luo = LiveUpdateOrchestrator.Boot(new LiveUpdateOptions { MemorySize = 1 << 20, Handlers = { new OlderHandler(version) } });
        using LiveUpdateDevice device = luo.OpenDevice();
        if (luo.PreviousUpdate is not null)
        {
            using Session incoming = device.RetrieveSession("downgrade");
            Scenario.Say($"version {version} got {incoming.Retrieve<OlderFile>(1)}");
            incoming.Finish();
            return;
        }

        using Session session = device.CreateSession("downgrade");
        session.Preserve(1, new OlderFile(0, ""));
        foreach (string next in args[2..])
            SuccessorLife.TryHandOver(luo, new SuccessorTarget(new SuccessorOptions { Arguments = ["downgrade", next] }));
    }
}
