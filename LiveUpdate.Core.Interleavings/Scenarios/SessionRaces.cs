namespace LiveUpdate.Interleavings.Scenarios;

/// <summary>Sessions made, retrieved, finished and closed by several threads.</summary>
internal static class SessionRaces
{
    public static Scenario[] All =>
    [
        new("C-09-create", OneOfTwoCreatesWins),
        new("C-09-retrieve", OneOfTwoRetrievesWins),
        new("C-08-preserve-close", PreserveAndCloseExcludeEachOther),
        new("C-08-finish-close", FinishRetrieveAndCloseExcludeEachOther),
        new("S-05-create-close", CreateAndCloseKeepTheBooks) { InterleavesFields = true },
        new("O-20-open", OneOfTwoOpensWins) { InterleavesFields = true },
        new("O-21-first-open", FirstOpenReadsOnce),
    ];

    private static void OneOfTwoCreatesWins()
    {
        using var world = new World();
        Session?[] made = new Session?[2];
        string[] told = World.Race(() => Create(0), () => Create(1));
        Check.Equal(World.Count(told, "ok"), 1, "creates that succeeded");
        Check.Equal(World.Count(told, "Exists"), 1, "creates that were refused");
        made.Single(static session => session is not null)!.Close();
        world.CheckNothingIsHeld();

        string Create(int number) => World.Told(() => made[number] = world.Create("n"));
    }

    private static void OneOfTwoRetrievesWins()
    {
        using var world = new World();
        world.Create("n", 1);
        world.Update();
        Session?[] got = new Session?[2];
        string[] told = World.Race(() => Retrieve(0), () => Retrieve(1));
        Check.Equal(World.Count(told, "ok"), 1, "retrieves that succeeded");
        Check.Equal(World.Count(told, "InvalidArgument"), 1, "retrieves that were refused");
        got.Single(static session => session is not null)!.Close();
        world.CheckNothingIsHeld();

        string Retrieve(int number) => World.Told(() => got[number] = world.Device.RetrieveSession("n"));
    }

    private static void PreserveAndCloseExcludeEachOther()
    {
        using var world = new World();
        Session session = world.Create("s", 1);
        string[] told = World.Race(
            () => World.Told(() => session.Preserve(2, new Tests.Infrastructure.TestFile(2))),
            () => World.Told(session.Close),
            () => World.Told(session.Dispose));
        Check.That(told[0] is "ok" or "disposed", told[0]);
        Check.Equal(world.Log.Count("unp2"), told[0] == "ok" ? 1 : 0, "unpreserves of the second file");
        Check.Equal(world.Log.Count("unp1"), 1, "unpreserves of the first file");
        world.CheckNothingIsHeld();
    }

    private static void FinishRetrieveAndCloseExcludeEachOther()
    {
        using var world = new World();
        world.Create("s", 1);
        world.Update();
        Session session = world.Device.RetrieveSession("s");
        string[] told = World.Race(
            () => World.Told(() => session.Retrieve(1)),
            () => World.Told(session.Finish),
            () => World.Told(session.Close));
        Check.That(told[0] is "ok" or "NotFound" or "disposed", $"retrieve: {told[0]}");
        Check.That(told[1] is "ok" or "disposed", $"finish: {told[1]}");
        Check.Equal(told[2], "ok", "close");
        Check.Equal(world.Log.Count("fin1"), 1, "finishes of the file");
        Check.Equal(world.Log.Count("ret1"), told[0] == "ok" ? 1 : 0, "retrieves of the file");
        Check.Equal(world.Log.Count("A.fin"), 1, "finishes of the FLB");
        Check.Equal(World.Told(() => world.Device.RetrieveSession("s")), "NotFound", "retrieving it again");
        world.CheckNothingIsHeld();
    }

    private static void CreateAndCloseKeepTheBooks()
    {
        using var world = new World();
        Session kept = world.Create("kept");
        World.Race(() => World.Told(() => world.Create("a").Close()), () => World.Told(() => world.Create("b").Close()));
        Check.Equal(world.Luo.Engine.Outgoing.Count, 1, "sessions");
        Check.Equal(world.Luo.Engine.Outgoing.BlockCount, 1, "blocks of sessions");
        kept.Close();
        world.CheckNothingIsHeld();
    }

    private static void OneOfTwoOpensWins()
    {
        using var world = new World();
        world.Device.Dispose();
        string[] told = World.Race(() => World.Told(() => world.Luo.OpenDevice()), () => World.Told(() => world.Luo.OpenDevice()));
        Check.Equal(World.Count(told, "ok"), 1, "opens that succeeded");
        Check.Equal(World.Count(told, "Busy"), 1, "opens that were refused");
    }

    // The image of a program that was replaced is read by whoever comes first.
    private static void FirstOpenReadsOnce()
    {
        using var world = new World();
        world.Create("s", 1);
        LiveUpdateOrchestrator next = world.Reboot();
        string[] told = World.Race(
            () => World.Told(() => next.OpenDevice().Dispose()),
            () => World.Told(() => next.OpenDevice().Dispose()));
        Check.That(told.All(static answer => answer is "ok" or "Busy"), string.Join(' ', told));
        using LiveUpdateDevice device = next.OpenDevice();
        Check.Equal(string.Join(' ', device.GetIncomingSessions()), "s", "sessions");
    }
}
