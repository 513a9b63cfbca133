using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Orchestrator;

/// <summary>Freeze and rollback: reference 7.4, T-080 to T-088.</summary>
public class FreezeScenarios
{
    private CallbackLog _log = null!;
    private Generation _generation = null!;

    [SetUp]
    public void SetUp()
    {
        _log = new CallbackLog();
        _generation = Generation.Boot(
            new RecordingHandler(_log), new MinimalHandler(_log));
    }

    [TearDown]
    public void TearDown() => _generation.Dispose();

    [Test]
    public void T_080_files_are_frozen_in_the_order_of_sessions_and_preservation()
    {
        Generation.Preserve(_generation.Create("s"), 1, 2);
        Generation.Preserve(_generation.Create("t"), 3);
        _log.Take();
        HandedOverImage image = _generation.Stop();
        Assert.That(_log.Take(), Is.EqualTo("frz1 frz2 frz3"));
        Assert.That(image.Sessions, Is.EqualTo("s(1:11001 2:11002) t(3:11003)"));
    }

    [Test]
    public void T_081_freeze_failure_rolls_back_in_the_reference_order()
    {
        FreezeUntilSeven();
        foreach ((int number, ulong handle) in new[] { (1, 11001UL), (2, 11002UL), (3, 11003UL), (4, 11004UL), (5, 11005UL), (6, 11006UL) })
            Assert.That(_log.Last($"unf{number}").Data, Is.EqualTo(handle));
        Assert.That(_log.Last("unf1").State, Is.EqualTo("state 1"));
        Assert.That(SessionsAddressOfRoot(), Is.Zero);
    }

    [Test]
    public void T_082_after_a_failed_freeze_unpreserve_gets_the_changed_handles()
    {
        Session[] sessions = FreezeUntilSeven();
        Generation.Preserve(sessions[2], 30);
        sessions[2].Close();
        Assert.That(_log.Take(), Is.EqualTo("can30 pre30 unp30 unp8 unp7 unp6 unp5"));
        Assert.That(
            new[] { 30, 8, 7, 6, 5 }.Select(number => _log.Last($"unp{number}").Data),
            Is.EqualTo([1030UL, 1008UL, 1007UL, 11006UL, 11005UL]));
    }

    [Test]
    public void T_083_a_second_freeze_starts_from_the_changed_handles()
    {
        FreezeUntilSeven();
        _log.Heal("frz7");
        HandedOverImage image = _generation.Stop();
        Assert.That(_log.Take(), Is.EqualTo("frz1 frz2 frz3 frz4 frz5 frz6 frz7 frz8 frz9"));
        Assert.That(
            image.Sessions,
            Is.EqualTo("x(1:21001 2:21002 3:21003 4:21004) y() z(5:21005 6:21006 7:11007 8:11008) zz(9:11009)"));
    }

    [Test]
    public void T_084_the_first_file_of_all_fails_and_none_is_unfrozen()
    {
        Generation.Preserve(_generation.Create("s"), 1, 2);
        _log.Fail("frz1", LiveUpdateError.NoSpace);
        Held before = _generation.Held;
        _log.Take();
        LiveUpdateException refusal = Refused.With(LiveUpdateError.NoSpace, Freeze);
        Assert.That(_log.Take(), Is.EqualTo("frz1"));
        Assert.That((refusal.Session, refusal.Token, refusal.Handler), Is.EqualTo(("s", (Token?)1, "test-v1")));
        Assert.That(_generation.Held, Is.EqualTo(before));
    }

    [Test]
    public void T_085_without_freeze_the_handle_is_that_of_preserve()
    {
        _generation.Create("s").Preserve(1, new TestFile(1, "other"));
        Assert.That(_generation.Stop().Sessions, Is.EqualTo("s(1:1001)"));
    }

    [Test]
    public void T_086_a_handler_without_unfreeze_is_passed_over()
    {
        Session session = _generation.Create("s");
        Generation.Preserve(session, 1);
        session.Preserve(2, new TestFile(2, "other"));
        Generation.Preserve(session, 3);
        _log.Fail("frz3");
        _log.Take();
        Refused.With(LiveUpdateError.InputOutput, Freeze);
        Assert.That(_log.Take(), Is.EqualTo("frz1 frz3 unf1"));
    }

    // A callback here has no result that could be positive; a refusal without an errno is what comes nearest.
    [Test]
    public void T_087_a_freeze_that_refuses_without_an_error_has_failed_all_the_same()
    {
        Session session = _generation.Create("s");
        Generation.Preserve(session, 1, 2);
        _log.Fail("frz2", LiveUpdateError.None);
        _log.Take();
        Refused.With(LiveUpdateError.InputOutput, Freeze);
        Assert.That(_log.Take(), Is.EqualTo("frz1 frz2 unf1"));
        Assert.That(session.GetFiles().Select(static file => file.Data.Value), Is.EqualTo([11001UL, 1002UL]));
    }

    [Test]
    public void T_088_after_a_failed_freeze_everything_works_as_before()
    {
        Held empty = _generation.Held;
        Session[] sessions = FreezeUntilSeven();
        using (Session created = _generation.Create("new"))
            Generation.Preserve(created, 40);
        Generation.Preserve(sessions[1], 41);
        Refused.With(LiveUpdateError.Exists, () => _generation.Create("x"));
        foreach (Session session in sessions)
            session.Close();
        Assert.That(_generation.Held, Is.EqualTo(empty));
        Assert.That(_generation.Stop().Sessions, Is.Empty);
    }

    /// <summary>T-081: x with files 1 to 4, y empty, z with 5 to 8, zz with 9; the freeze of 7 fails.</summary>
    private Session[] FreezeUntilSeven()
    {
        Session[] sessions = [.. new[] { "x", "y", "z", "zz" }.Select(_generation.Create)];
        Generation.Preserve(sessions[0], 1, 2, 3, 4);
        Generation.Preserve(sessions[2], 5, 6, 7, 8);
        Generation.Preserve(sessions[3], 9);
        _log.Fail("frz7", LiveUpdateError.TimerExpired);
        Held before = _generation.Held;
        _log.Take();
        Refused.With(LiveUpdateError.TimerExpired, Freeze);
        Assert.That(_log.Take(), Is.EqualTo("frz1 frz2 frz3 frz4 frz5 frz6 frz7 unf5 unf6 unf1 unf2 unf3 unf4"));
        Assert.That(_generation.Held, Is.EqualTo(before));
        return sessions;
    }

    private void Freeze() => _generation.Luo.HandOver(new StopTarget());

    /// <summary>What the root record says now, to whom would boot without a freeze.</summary>
    private ulong SessionsAddressOfRoot()
    {
        _generation.Engine.Memory.WriteHandover();
        ulong address = new HandedOverImage(_generation.Engine.Memory.Memory, _generation).Root.SessionsAddress;
        _generation.Engine.Memory.ClearHandover();
        return address;
    }
}
