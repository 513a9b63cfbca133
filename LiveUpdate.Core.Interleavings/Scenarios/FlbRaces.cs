using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Interleavings.Scenarios;

/// <summary>An FLB that several threads hold and let go.</summary>
internal static class FlbRaces
{
    public static Scenario[] All =>
    [
        new("C-12-files", FilesOfTwoSessionsShareOne),
        new("G-34-get-close", GetAndCloseOfTheLastFile),
        new("G-30-get-finish", GetAndFinishOfTheLastFile),
        new("C-06-put-hand-over", PutAndHandOver),
    ];

    private static void FilesOfTwoSessionsShareOne()
    {
        using var world = new World();
        Session[] sessions = [world.Create("s"), world.Create("t")];
        World.Race(() => PreserveAndClose(0), () => PreserveAndClose(1));
        Check.Equal(world.Log.Count("A.pre"), world.Log.Count("A.unp"), "preserves of the FLB");
        string[] calls = [.. world.Log.Calls.Select(static call => call.Name).Where(static name => name[0] == 'A')];
        for (int i = 0; i < calls.Length; i++)
            Check.Equal(calls[i], i % 2 == 0 ? "A.pre" : "A.unp", "the FLB's callbacks in order");
        world.CheckNothingIsHeld();

        string PreserveAndClose(int number) => World.Told(() =>
        {
            sessions[number].Preserve(1, new TestFile(number));
            sessions[number].Close();
        });
    }

    private static void GetAndCloseOfTheLastFile()
    {
        using var world = new World();
        Session session = world.Create("s", 1);
        string[] told = World.Race(
            () => World.Told(() =>
            {
                using FlbReference<FlbObject> reference = world.Luo.GetOutgoing(world.Flb);
                Check.Equal(reference.Value!.IsIncoming, false, "the side of what was got");
            }),
            () => World.Told(session.Close));
        Check.That(told[0] is "ok" or "NotFound", told[0]);
        Check.Equal(told[1], "ok", "close");
        Check.Equal(world.Log.Count("A.unp"), 1, "unpreserves of the FLB");
        world.CheckNothingIsHeld();
    }

    private static void GetAndFinishOfTheLastFile()
    {
        using var world = new World();
        world.Create("s", 1);
        world.Update();
        Session session = world.Device.RetrieveSession("s");
        string[] told = World.Race(Get, Get, () => World.Told(session.Close));
        Check.That(told.All(static answer => answer is "ok" or "NoData"), string.Join(' ', told));
        Check.Equal(world.Log.Count("A.ret"), 1, "retrieves of the FLB");
        Check.Equal(world.Log.Count("A.fin"), 1, "finishes of the FLB");
        world.CheckNothingIsHeld();

        string Get() => World.Told(() => world.Luo.GetIncoming(world.Flb).Dispose());
    }

    // What has been written is not unpreserved: a put comes before the hand-over, or is told that it is over.
    private static void PutAndHandOver()
    {
        using var world = new World();
        Session session = world.Create("s", 1);
        LiveUpdateOrchestrator luo = world.Luo;
        FlbReference<FlbObject> reference = luo.GetOutgoing(world.Flb);
        string[] told = World.Race(
            () => World.Told(session.Close) + World.Told(reference.Dispose),
            () => World.Told(world.Update));
        Check.That(told[0] is "okok" or "okShutdown" or "ShutdownShutdown", told[0]);
        Check.Equal(told[1], "ok", "hand-over");
        Check.Equal(world.Log.Count("A.unp"), told[0] == "okok" ? 1 : 0, "unpreserves of the FLB");
        bool handedOver = World.Told(() => world.Luo.GetIncoming(world.Flb).Dispose()) == "ok";
        Check.Equal(handedOver, told[0] == "ShutdownShutdown", "whether the FLB was handed over");
    }
}
