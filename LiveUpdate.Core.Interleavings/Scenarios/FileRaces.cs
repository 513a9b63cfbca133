using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Interleavings.Scenarios;

/// <summary>Files preserved and retrieved by several threads.</summary>
internal static class FileRaces
{
    public static Scenario[] All =>
    [
        new("C-10-object", OneOfTwoPreservesOfOneObjectWins),
        new("F-01-token", OneOfTwoPreservesOfOneTokenWins),
        new("C-11-token", RetrievesOfOneTokenShareTheOutcome),
        new("C-11-failure", RetrievesOfOneTokenShareTheFailure),
        new("R-06-finish-preserve", RetrievedFileIsBusyUntilItIsFinished),
        new("H-08-re-entry", CallbacksThatEnterSessionsAreRefused),
    ];

    private static void OneOfTwoPreservesOfOneObjectWins()
    {
        using var world = new World();
        Session[] sessions = [world.Create("s"), world.Create("t")];
        var file = new TestFile(1);
        string[] told = World.Race(() => Preserve(0), () => Preserve(1));
        Check.Equal(World.Count(told, "ok"), 1, "preserves that succeeded");
        Check.Equal(World.Count(told, "Busy"), 1, "preserves that were refused");
        Check.Equal(world.Log.Count("pre1"), 1, "callbacks");
        foreach (Session session in sessions)
            session.Close();
        world.CheckNothingIsHeld();

        string Preserve(int number) => World.Told(() => sessions[number].Preserve(1, file));
    }

    private static void OneOfTwoPreservesOfOneTokenWins()
    {
        using var world = new World();
        Session session = world.Create("s");
        string[] told = World.Race(() => Preserve(1), () => Preserve(2));
        Check.Equal(World.Count(told, "ok"), 1, "preserves that succeeded");
        Check.Equal(World.Count(told, "Exists"), 1, "preserves that were refused");
        Check.Equal(session.GetFiles().Count, 1, "files");
        session.Close();
        world.CheckNothingIsHeld();

        string Preserve(int number) => World.Told(() => session.Preserve(7, new TestFile(number)));
    }

    private static void RetrievesOfOneTokenShareTheOutcome()
    {
        using var world = new World();
        world.Create("s", 1, 2);
        world.Update();
        Session session = world.Device.RetrieveSession("s");
        var files = new object?[2];
        string[] told = World.Race(() => Retrieve(0), () => Retrieve(1));
        Check.Equal(World.Count(told, "ok"), 2, "retrieves that succeeded");
        Check.That(ReferenceEquals(files[0], files[1]), "two objects were made of one file");
        Check.Equal(world.Log.Count("ret1"), 1, "callbacks");
        session.Close();
        world.CheckNothingIsHeld();

        string Retrieve(int number) => World.Told(() => files[number] = session.Retrieve(1));
    }

    private static void RetrievesOfOneTokenShareTheFailure()
    {
        using var world = new World();
        world.Create("s", 1);
        world.Update();
        world.Log.Fail("ret1");
        Session session = world.Device.RetrieveSession("s");
        string[] told = World.Race(() => World.Told(() => session.Retrieve(1)), () => World.Told(() => session.Retrieve(1)));
        Check.Equal(World.Count(told, "InputOutput"), 2, "retrieves that failed");
        Check.Equal(world.Log.Count("ret1"), 1, "callbacks");
        session.Close();
        world.CheckNothingIsHeld();
    }

    private static void RetrievedFileIsBusyUntilItIsFinished()
    {
        using var world = new World();
        world.Create("s", 1);
        world.Update();
        Session incoming = world.Device.RetrieveSession("s");
        Session outgoing = world.Create("t");
        object file = incoming.Retrieve(1);
        string[] told = World.Race(() => World.Told(incoming.Finish), () => World.Told(() => outgoing.Preserve(1, file)));
        Check.Equal(told[0], "ok", "finish");
        Check.That(told[1] is "ok" or "Busy", told[1]);
        Check.Equal(World.Told(() => outgoing.Preserve(2, file)), told[1] == "ok" ? "Busy" : "ok", "preserving it after that");
        incoming.Close();
        outgoing.Close();
        world.CheckNothingIsHeld();
    }

    // Each enters the other's session: were it let in, they would wait for one another.
    private static void CallbacksThatEnterSessionsAreRefused()
    {
        using var world = new World();
        Session[] sessions = [world.Create("s"), world.Create("t")];
        world.Log.On("pre0", () => sessions[1].GetFiles());
        world.Log.On("pre1", () => sessions[0].Close());
        string[] told = World.Race(() => Preserve(0), () => Preserve(1));
        Check.Equal(World.Count(told, nameof(LiveUpdateError.InputOutput)), 2, $"refusals of {string.Join(' ', told)}");
        foreach (Session session in sessions)
            session.Close();
        world.CheckNothingIsHeld();

        string Preserve(int number) => World.Told(() => sessions[number].Preserve(1, new TestFile(number)));
    }
}
