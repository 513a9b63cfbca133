using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Interleavings.Scenarios;

/// <summary>A hand-over while other threads go on (reference C-03, C-04, C-07).</summary>
internal static class HandoverRaces
{
    public static Scenario[] All =>
    [
        new("C-04-work", WorkIsHandedOverOrRefused),
        new("C-04-close", CloseIsDoneOrRefused),
        new("C-04-incoming", IncomingSessionsAndHandOver),
        new("C-07-called-off", PreserveAndAnUpdateCalledOff),
        new("C-04-two", OneOfTwoHandOversWins),
        new("C-04-dispose", HandOverAndDispose),
        new("C-03-dispose", DisposeAndPreserve),
    ];

    private static void WorkIsHandedOverOrRefused()
    {
        using var world = new World();
        Session kept = world.Create("kept", 1);
        LiveUpdateDevice device = world.Device;
        string[] told = World.Race(
            () => World.Told(() => device.CreateSession("new")),
            () => World.Told(() => kept.Preserve(2, new TestFile(2))),
            () => World.Told(world.Update));
        Check.That(told[0] is "ok" or "Shutdown", $"create: {told[0]}");
        Check.That(told[1] is "ok" or "Shutdown", $"preserve: {told[1]}");
        Check.Equal(told[2], "ok", "hand-over");
        Check.Equal(string.Join(' ', world.Device.GetIncomingSessions()), told[0] == "ok" ? "kept new" : "kept", "sessions");
        Session incoming = world.Device.RetrieveSession("kept");
        Check.Equal(incoming.GetFiles().Count, told[1] == "ok" ? 2 : 1, "files");
        Check.Equal(incoming.Retrieve<TestFile>(1).Number, 1, "the file");
        incoming.Close();
        if (told[0] == "ok")
            world.Device.RetrieveSession("new").Close();
        world.CheckNothingIsHeld();
    }

    private static void CloseIsDoneOrRefused()
    {
        using var world = new World();
        Session session = world.Create("s", 1, 2);
        string[] told = World.Race(() => World.Told(session.Close), () => World.Told(world.Update));
        Check.That(told[0] is "ok" or "Shutdown", $"close: {told[0]}");
        Check.Equal(world.Log.Count("unp1"), told[0] == "ok" ? 1 : 0, "unpreserves");
        Check.Equal(world.Device.GetIncomingSessions().Count, told[0] == "ok" ? 0 : 1, "sessions");
        if (told[0] != "ok")
            world.Device.RetrieveSession("s").Close();
        world.CheckNothingIsHeld();
    }

    private static void IncomingSessionsAndHandOver()
    {
        using var world = new World();
        world.Create("s", 1);
        world.Update();
        LiveUpdateDevice device = world.Device;
        Session? session = null;
        string[] told = World.Race(
            () => World.Told(() => session = device.RetrieveSession("s")) + World.Told(() => session?.Finish()),
            () => World.Told(world.Update));
        Check.That(told[0] is "okok" or "okShutdown" or "Shutdownok", $"retrieve and finish: {told[0]}");
        Check.Equal(told[1], "ok", "hand-over");
        Check.Equal(world.Log.Count("fin1"), told[0] == "okok" ? 1 : 0, "finishes");
        Check.Equal(world.Device.GetIncomingSessions().Count, 0, "sessions");
    }

    private static void PreserveAndAnUpdateCalledOff()
    {
        using var world = new World();
        Session session = world.Create("s", 1, 2);
        world.Log.Fail("frz2");
        string[] told = World.Race(
            () => World.Told(() => session.Preserve(3, new TestFile(3))),
            () => World.Told(() => world.Create("t").Close()),
            () => World.Told(world.Update));
        Check.Equal(World.Count(told, "ok"), 2, $"operations that went on: {string.Join(' ', told)}");
        Check.Equal(told[2], "InputOutput", "hand-over");
        Check.Equal(world.Log.Count("unf1"), 1, "unfreezes of the first file");
        Check.Equal(world.Log.Count("unf2") + world.Log.Count("frz3"), 0, "callbacks of the others");
        Check.Equal(session.GetFiles().Count, 3, "files");
        session.Close();
        world.CheckNothingIsHeld();
    }

    // The one who comes as the other ends must not find the generation between two owners: nothing of its target may run.
    private static void OneOfTwoHandOversWins()
    {
        using var world = new World();
        world.Create("s", 1);
        LiveUpdateOrchestrator luo = world.Luo;
        string[] told = World.Race(HandOver, HandOver);
        Check.Equal(World.Count(told, "ok"), 1, $"hand-overs that succeeded: {string.Join(' ', told)}");
        Check.Equal(World.Count(told, "Busy") + World.Count(told, "Shutdown"), 1, $"hand-overs that were refused: {string.Join(' ', told)}");
        Check.Equal(world.Log.Count("frz1"), 1, "freezes");

        string HandOver() => World.Told(() => luo.HandOver(
            new StopTarget { Preparing = () => Check.That(!luo.IsOver, "a hand-over was prepared after another") }));
    }

    private static void HandOverAndDispose()
    {
        using var world = new World();
        world.Create("s", 1);
        LiveUpdateOrchestrator luo = world.Luo;
        string[] told = World.Race(() => World.Told(world.Update), () => World.Told(luo.Dispose));
        Check.That(told[0] is "ok" or "disposed", $"hand-over: {told[0]}");
        Check.Equal(told[1], "ok", "dispose");
        Check.Equal(world.Log.Count("unp1"), told[0] == "ok" ? 0 : 1, "unpreserves");
        if (told[0] == "ok")
            world.Device.RetrieveSession("s").Close();
    }

    private static void DisposeAndPreserve()
    {
        using var world = new World();
        Session session = world.Create("s");
        string[] told = World.Race(
            () => World.Told(() => session.Preserve(1, new TestFile(1))),
            () => World.Told(session.Close),
            () => World.Told(world.Luo.Dispose));
        Check.That(told[0] is "ok" or "disposed", $"preserve: {told[0]}");
        Check.That(told[1] is "ok" or "disposed", $"close: {told[1]}");
        Check.Equal(world.Log.Count("unp1"), told[0] == "ok" ? 1 : 0, "unpreserves");
        Check.Equal(world.Log.Count("A.unp"), world.Log.Count("A.pre"), "unpreserves of the FLB");
    }
}
