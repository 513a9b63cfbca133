using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Interleavings.Scenarios;

/// <summary>Handlers and FLBs that come and go while files do (reference C-13).</summary>
internal static class RegistrationRaces
{
    public static Scenario[] All =>
    [
        new("H-06-unregister-preserve", UnregisterAndPreserve),
        new("H-06-unregister-close", UnregisterAndCloseOfTheLastFile) { InterleavesFields = true },
        new("G-04-link-preserve", LinkAndPreserve),
        new("H-01-register", OneOfTwoRegistrationsWins),
    ];

    private static void UnregisterAndPreserve()
    {
        using var world = new World();
        Session session = world.Create("s");
        string[] told = World.Race(
            () => World.Told(() => session.Preserve(1, new TestFile(1))),
            () => World.Told(() => Check.That(world.Luo.Unregister(world.Handler), "it was registered")));
        Check.That(told[0] is "ok" or "NotFound", told[0]);
        Check.Equal(told[1], "ok", "unregister");
        Check.Equal(World.Told(() => session.Preserve(2, new TestFile(2))), "NotFound", "preserving another");
        session.Close();
        Check.Equal(world.Log.Count("unp1"), told[0] == "ok" ? 1 : 0, "unpreserves");
        CheckNoHandler(world);
    }

    // Whoever comes last takes the handler off the list: the one who unregisters, or the one who closes.
    private static void UnregisterAndCloseOfTheLastFile()
    {
        using var world = new World();
        Session session = world.Create("s", 1);
        string[] told = World.Race(
            () => World.Told(session.Close),
            () => World.Told(() => world.Luo.Unregister(world.Handler)));
        Check.Equal(World.Count(told, "ok"), 2, "operations that succeeded");
        CheckNoHandler(world);
    }

    private static void LinkAndPreserve()
    {
        using var world = new World();
        var other = new RecordingFlb(world.Log, "B");
        Session session = world.Create("s");
        string[] told = World.Race(
            () => World.Told(() => session.Preserve(1, new TestFile(1))),
            () => World.Told(() => world.Luo.Register(other, world.Handler)));
        Check.Equal(told[0], "ok", "preserve");
        Check.That(told[1] is "ok" or "Busy", told[1]);
        Check.Equal(world.Log.Count("B.pre"), told[1] == "ok" ? 1 : 0, "preserves of the FLB");
        session.Close();
        Check.Equal(world.Log.Count("B.unp"), world.Log.Count("B.pre"), "unpreserves of the FLB");
        if (told[1] == "ok")
            Check.That(world.Luo.Unregister(other, world.Handler), "it was registered");
        world.CheckNothingIsHeld();
    }

    private static void OneOfTwoRegistrationsWins()
    {
        using var world = new World();
        string[] told = World.Race(Register, Register);
        Check.Equal(World.Count(told, "ok"), 1, "registrations that succeeded");
        Check.Equal(World.Count(told, "Exists"), 1, "registrations that were refused");
        Check.Equal(world.Luo.Engine.Handlers.Ordered.Count, 2, "handlers");

        string Register() => World.Told(() => world.Luo.Register(new RecordingHandler(world.Log, "other-v1")));
    }

    private static void CheckNoHandler(World world)
    {
        Check.Equal(world.Luo.Engine.Handlers.Ordered.Count, 0, "handlers");
        Check.Equal(world.Luo.Engine.Flbs.Linked.Count, 0, "FLBs");
        Check.Equal(world.Log.Count("A.pre"), world.Log.Count("A.unp"), "preserves of the FLB");
    }
}
