using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.FileLifecycleBound;

/// <summary>
/// The outgoing side of FLBs: reference 7.7, T-140 to T-147, T-155 to T-157, T-164 and T-166. H1 is linked to A and B, H2 to B and C, H3
/// to A.
/// </summary>
public class FlbOutgoingScenarios
{
    private CallbackLog _log = null!;
    private FlbLife _life = null!;
    private Session _session = null!;
    private Held _empty = null!;

    [SetUp]
    public void SetUp()
    {
        _log = new CallbackLog();
        _life = new FlbLife(_log);
        _empty = _life.First.Held;
        _session = _life.First.Create("s");
    }

    [TearDown]
    public void TearDown()
    {
        _session.Dispose();
        _life.Dispose();
    }

    [Test]
    public void T_140_the_first_file_preserves_the_flbs_in_link_order()
    {
        Preserve(1, "H1");
        Preserve(2, "H1");
        Assert.That(_log.Take(), Is.EqualTo("can1 A.pre B.pre pre1 can2 pre2"));
    }

    [Test]
    public void T_141_the_last_file_unpreserves_them_in_reverse()
    {
        T_140_the_first_file_preserves_the_flbs_in_link_order();
        _session.Close();
        Assert.That(_log.Take(), Is.EqualTo("unp2 unp1 B.unp A.unp"));
        CallbackCall call = _log.Last("A.unp");
        Assert.That((call.Data, call.Object), Is.EqualTo((565UL, (object)new FlbObject(565, IsIncoming: false))));
        Assert.That(_life.First.Held, Is.EqualTo(_empty));
    }

    [Test]
    public void T_142_handlers_share_an_flb()
    {
        PreserveThree();
        Assert.That(_log.TakeWithoutCan(), Is.EqualTo("A.pre B.pre pre1 pre2 C.pre pre3"));
        Assert.That(Counts(), Is.EqualTo("A2 B3 C1"));
    }

    [Test]
    public void T_143_a_shared_flb_goes_with_the_last_file_of_either_handler()
    {
        PreserveThree();
        _log.Take();
        _session.Close();
        Assert.That(_log.Take(), Is.EqualTo("unp3 C.unp unp2 unp1 B.unp A.unp"));
        Assert.That(Counts(), Is.EqualTo("A0 B0 C0"));
        Assert.That(_life.First.Held, Is.EqualTo(_empty));
    }

    [Test]
    public void T_144_an_flb_that_fails_undoes_those_before_it()
    {
        _log.Fail("B.pre", LiveUpdateError.NotPermitted);
        Held before = _life.First.Held;
        LiveUpdateException refusal = Refused.With(LiveUpdateError.NotPermitted, () => Preserve(1, "H1"));
        Assert.That((refusal.Session, refusal.Token, refusal.Handler), Is.EqualTo(("s", (Token?)1, "B")));
        Assert.That(_log.TakeWithoutCan(), Is.EqualTo("A.pre B.pre A.unp"));
        Assert.That(_life.First.Held, Is.EqualTo(before));
        _log.Heal("B.pre");
        Preserve(1, "H1");
        Assert.That(_log.TakeWithoutCan(), Is.EqualTo("A.pre B.pre pre1"));
    }

    [Test]
    public void T_145_a_handler_that_fails_undoes_its_flbs()
    {
        _log.Fail("pre1");
        Held before = _life.First.Held;
        Refused.With(LiveUpdateError.InputOutput, () => Preserve(1, "H1"));
        Assert.That(_log.TakeWithoutCan(), Is.EqualTo("A.pre B.pre pre1 B.unp A.unp"));
        Assert.That(_life.First.Held, Is.EqualTo(before));
    }

    [Test]
    public void T_146_an_flb_that_others_hold_only_loses_its_count()
    {
        Preserve(9, "H3");
        _log.Fail("B.pre", LiveUpdateError.NotPermitted);
        _log.Take();
        Refused.With(LiveUpdateError.NotPermitted, () => Preserve(1, "H1"));
        Assert.That(_log.TakeWithoutCan(), Is.EqualTo("B.pre"));
        Assert.That(Counts(), Is.EqualTo("A1 B0 C0"));
    }

    [Test]
    public void T_147_held_flbs_are_written_in_order_of_registration()
    {
        PreserveThree();
        HandedOverImage image = _life.First.Stop();
        Assert.That(image.Flbs, Is.EqualTo("A:565:2 B:566:3 C:567:1"));
        Assert.That((image.FlbHeader.PageCount, image.FlbHeader.Count), Is.EqualTo((1UL, 3UL)));
    }

    [Test]
    public void An_flb_that_nothing_holds_leaves_no_gap_in_the_page()
    {
        Preserve(3, "H2");
        Assert.That(_life.First.Stop().Flbs, Is.EqualTo("B:566:1 C:567:1"));
    }

    [Test]
    public void T_155_before_any_file_there_is_nothing_to_get() =>
        Refused.With(LiveUpdateError.NotFound, () => _life.First.Luo.GetOutgoing(_life.A));

    [Test]
    public void T_156_a_reference_holds_the_flb_longer_than_its_files()
    {
        Preserve(1, "H1");
        FlbReference<FlbObject> reference = _life.First.Luo.GetOutgoing(_life.A);
        Assert.That(reference.Value, Is.EqualTo(new FlbObject(565, IsIncoming: false)));
        _log.Take();
        _session.Close();
        Assert.That(_log.Take(), Is.EqualTo("unp1 B.unp"));
        reference.Dispose();
        reference.Dispose();
        Assert.That(_log.Take(), Is.EqualTo("A.unp"));
        Assert.That(() => reference.Value, Throws.TypeOf<ObjectDisposedException>());
        Refused.With(LiveUpdateError.NotFound, () => _life.First.Luo.GetOutgoing(_life.A));
        Assert.That(_life.First.Held, Is.EqualTo(_empty));
    }

    [Test]
    public void A_new_file_takes_up_an_flb_that_a_reference_holds()
    {
        Preserve(1, "H3");
        using FlbReference<FlbObject> reference = _life.First.Luo.GetOutgoing(_life.A);
        _session.Close();
        _log.Take();
        using Session again = _life.First.Create("t");
        again.Preserve(1, new TestFile(2, "H3"));
        Assert.That(_log.TakeWithoutCan(), Is.EqualTo("pre2"));
    }

    // (library) The kernel hands over 2, and the next one never finishes the FLB (G-27).
    [Test]
    public void T_157_references_are_not_handed_over()
    {
        Preserve(1, "H1");
        using FlbReference<FlbObject> reference = _life.First.Luo.GetOutgoing(_life.A);
        Assert.That(_life.First.Stop().Flbs, Is.EqualTo("A:565:1 B:566:1"));
        Refused.With(LiveUpdateError.Shutdown, reference.Dispose);
    }

    [Test]
    public void T_164_two_sessions_share_the_flbs()
    {
        Preserve(1, "H1");
        Session second = _life.First.Create("t");
        second.Preserve(1, new TestFile(2, "H1"));
        _log.Take();
        _session.Close();
        Assert.That(_log.Take(), Is.EqualTo("unp1"));
        second.Close();
        Assert.That(_log.Take(), Is.EqualTo("unp2 B.unp A.unp"));
    }

    // (library) The kernel takes an FLB without an object for one that nothing holds (G-32).
    [Test]
    public void T_166_an_flb_without_an_object_can_be_got()
    {
        var flb = new RecordingFlb(_log, "N") { SetsObject = false };
        using Generation generation = Generation.Boot(new RecordingHandler(_log).DependingOn(flb));
        using Session session = generation.Create("s");
        Generation.Preserve(session, 1);
        using FlbReference<FlbObject> reference = generation.Luo.GetOutgoing(flb);
        Assert.That(reference.Value, Is.Null);
    }

    private void PreserveThree()
    {
        Preserve(1, "H1");
        Preserve(2, "H1");
        Preserve(3, "H2");
    }

    private void Preserve(int number, string kind) => _session.Preserve(Token.From(number), new TestFile(number, kind));

    private string Counts() => string.Join(
        ' ', _life.First.Engine.Flbs.Linked.Select(static flb => $"{flb.Flb.Compatible}{flb.Outgoing.Files}"));
}
