using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Orchestrator;

/// <summary>
/// From every callback every operation on a session, the device, the registration and the orchestrator is refused as misuse (H-08, C-13).
/// </summary>
public class ReentrantCallbackTests
{
    private static readonly string[] s_callbacks =
    [
        "can1", "id1", "A.pre", "pre1", "unp1", "A.unp", "frz1", "ver1", "A.ver", "unf1", "A.ret", "ret1", "cfin1", "fin1", "A.fin",
    ];

    [Test]
    public void Every_operation_is_refused_from_every_callback()
    {
        var log = new CallbackLog();
        var flb = new RecordingFlb(log, "A");
        RecordingHandler handler = new RecordingHandler(log).DependingOn(flb);
        using Generation first = Generation.Boot(handler);
        Generation generation = first;
        Session other = first.Create("other");
        Session outgoing = first.Create("s");
        Session? incoming = null;
        Dictionary<string, List<string>> went = [];
        foreach (string name in s_callbacks)
        {
            log.On(name, () =>
            {
                List<string> accepted = went[name] = [];
                foreach ((string operation, Action action) in Operations(generation, handler, flb, other, outgoing, incoming))
                {
                    if (!IsRefused(action))
                        accepted.Add(operation);
                }
            });
        }

        Generation.Preserve(outgoing, 1);
        outgoing.Close();
        outgoing = first.Create("s");
        Generation.Preserve(outgoing, 1);
        log.Fail("frz2");
        Generation.Preserve(outgoing, 2);
        Refused.With(LiveUpdateError.InputOutput, () => first.Update());
        log.Heal("frz2");
        Generation next = first.Update();
        generation = next;
        (other, outgoing) = (next.Retrieve("other"), next.Create("outgoing"));
        incoming = next.Retrieve("s");
        incoming.Retrieve(1);
        incoming.Finish();

        Assert.That(went.Keys, Is.EquivalentTo(s_callbacks), "every callback ran");
        foreach ((string name, List<string> accepted) in went)
            Assert.That(accepted, Is.Empty, name);
        Assert.That(next.Luo.CleanupErrors, Is.Empty);
        other.Close();
        outgoing.Close();
    }

    [Test]
    public void Names_and_other_flbs_are_at_a_callbacks_hand()
    {
        var log = new CallbackLog();
        var (a, b) = (new RecordingFlb(log, "A"), new RecordingFlb(log, "B"));
        using Generation generation = Generation.Boot(new RecordingHandler(log).DependingOn(a, b));
        using Session session = generation.Create("s");
        string? name = null;
        log.On("pre1", () =>
        {
            name = session.Name;
            generation.Luo.GetOutgoing(a).Dispose();
        });
        log.On("B.pre", () => generation.Luo.GetOutgoing(a).Dispose());
        Generation.Preserve(session, 1);
        Assert.That(name, Is.EqualTo("s"));
    }

    [Test]
    public void An_flb_that_gets_itself_is_refused_and_not_a_deadlock()
    {
        var log = new CallbackLog();
        var flb = new RecordingFlb(log, "A");
        using Generation first = Generation.Boot(new RecordingHandler(log).DependingOn(flb));
        Session session = first.Create("s");
        log.On("A.pre", () => first.Luo.GetOutgoing(flb));
        LiveUpdateException refusal = Refused.With(LiveUpdateError.InputOutput, () => Generation.Preserve(session, 1));
        Assert.That(refusal.InnerException, Is.TypeOf<InvalidOperationException>());
        log.Heal("A.pre");
        Generation.Preserve(session, 1);
        Generation next = first.Update();
        log.On("A.ret", () => next.Luo.GetIncoming(flb));
        refusal = Refused.With(LiveUpdateError.InputOutput, () => next.Luo.GetIncoming(flb));
        Assert.That(refusal.InnerException, Is.TypeOf<InvalidOperationException>());
    }

    [Test]
    public void An_orchestrator_without_sessions_is_not_disposed_from_a_callback_either()
    {
        var log = new CallbackLog();
        using Generation first = Generation.Boot(new RecordingHandler(log));
        Generation.Preserve(first.Create("s"), 1);
        Generation next = first.Update();
        log.On("ret1", next.Luo.Dispose);
        using Session session = next.Retrieve("s");
        LiveUpdateException refusal = Refused.With(LiveUpdateError.InputOutput, () => session.Retrieve(1));
        Assert.That(refusal.InnerException, Is.TypeOf<InvalidOperationException>());
        session.Finish();
    }

    private static IEnumerable<(string Name, Action Action)> Operations(
        Generation generation, FileHandler handler, Flb flb, Session other, Session outgoing, Session? incoming)
    {
        LiveUpdateOrchestrator luo = generation.Luo;
        yield return ("open", () => luo.OpenDevice());
        yield return ("hand over", () => luo.HandOver(HandoverTarget.InProcess(Generation.Options())));
        yield return ("register", () => luo.Register(handler));
        yield return ("unregister", () => luo.Unregister(handler));
        yield return ("register FLB", () => luo.Register(flb, handler));
        yield return ("unregister FLB", () => luo.Unregister(flb, handler));
        yield return ("dispose", luo.Dispose);
        yield return ("create", () => generation.Device.CreateSession("new"));
        yield return ("retrieve session", () => generation.Device.RetrieveSession("s"));
        yield return ("try retrieve session", () => generation.Device.TryRetrieveSession("s", out _));
        yield return ("list sessions", () => generation.Device.GetIncomingSessions());
        foreach (Session session in new[] { other, outgoing, incoming }.OfType<Session>())
        {
            string name = session.Name;
            yield return ($"preserve in {name}", () => session.Preserve(7, new TestFile(7)));
            yield return ($"retrieve from {name}", () => session.Retrieve(1));
            yield return ($"try to retrieve from {name}", () => session.TryRetrieve<TestFile>(1, out _));
            yield return ($"list {name}", () => session.GetFiles());
            yield return ($"finish {name}", session.Finish);
            yield return ($"close {name}", session.Close);
            yield return ($"dispose {name}", session.Dispose);
        }
    }

    private static bool IsRefused(Action action)
    {
        try
        {
            action();
            return false;
        }
        catch (Exception exception)
        {
            return exception.GetType() == typeof(InvalidOperationException);
        }
    }
}
