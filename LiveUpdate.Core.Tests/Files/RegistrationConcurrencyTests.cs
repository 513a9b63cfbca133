using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Files;

/// <summary>Handlers that come and go while their files do (reference H-05, H-06, C-13).</summary>
public class RegistrationConcurrencyTests
{
    private const int Rounds = 500;

    [Test]
    public void Handler_that_is_unregistered_under_load_leaves_with_its_last_file()
    {
        var log = new CallbackLog();
        var flb = new RecordingFlb(log, "A");
        using var first = Generation.Boot();
        LiveUpdateDevice device = first.Device;
        int preserved = 0;
        Worker.Race(4, number =>
        {
            for (int round = 0; round < Rounds; round++)
            {
                if (number == 0)
                {
                    RecordingHandler handler = new RecordingHandler(log, $"h{round}").DependingOn(flb);
                    first.Luo.Register(handler);
                    Assert.That(first.Luo.Unregister(handler), Is.True);
                    continue;
                }

                using Session session = device.CreateSession($"s{number}");
                try
                {
                    Generation.Preserve(session, number);
                    Interlocked.Increment(ref preserved);
                }
                catch (LiveUpdateException refusal)
                {
                    Assert.That(refusal.Error, Is.EqualTo(LiveUpdateError.NotFound));
                }
            }
        });
        TestContext.Out.WriteLine($"{preserved} files found a handler");
        Assert.That(first.Engine.Handlers.Ordered, Is.Empty);
        Assert.That(first.Engine.Flbs.Linked, Is.Empty);
        Assert.That(log.Count("A.pre"), Is.EqualTo(log.Count("A.unp")));
    }

    [Test]
    public void Registration_waits_for_a_choice_under_way()
    {
        var log = new CallbackLog();
        using var goOn = new ManualResetEventSlim();
        using var first = Generation.Boot(new RecordingHandler(log));
        Session s = first.Create("s");
        log.On("can1", () => Worker.Until(goOn));
        Worker preserver = Worker.Start(() => Generation.Preserve(s, 1));
        Worker.Until(() => log.Count("can1") == 1);
        Worker registrar = Worker.Start(() => first.Luo.Register(new RecordingHandler(log, "h2"))).UntilItWaits();
        Assert.That(first.Engine.Handlers.Ordered, Has.Count.EqualTo(1));
        goOn.Set();
        preserver.Join();
        registrar.Join();
        Assert.That(first.Engine.Handlers.Ordered, Has.Count.EqualTo(2));
    }
}
