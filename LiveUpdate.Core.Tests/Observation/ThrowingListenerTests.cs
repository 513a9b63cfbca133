using System.Diagnostics;
using System.Diagnostics.Metrics;
using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Observation;

/// <summary>Listeners of the program that throw: an update happens all the same, or is called off for its own cause.</summary>
[NonParallelizable]
public sealed class ThrowingListenerTests
{
    private int _calls;

    [Test]
    public void An_update_happens_whatever_its_listeners_throw()
    {
        using ActivityListener activities = ListenToActivities();
        using MeterListener measurements = ListenToMeasurements();
        using Generation generation = Generation.Boot(new RecordingHandler(new CallbackLog()));
        Generation.Preserve(generation.Create("session"), 1);
        using Generation next = generation.Update();
        Assert.That(next.Retrieve("session").Retrieve(1), Is.TypeOf<TestFile>());
        Assert.That(_calls, Is.GreaterThanOrEqualTo(4), "the listeners were asked on both sides");
    }

    [Test]
    public void A_hand_over_that_is_called_off_throws_its_own_cause()
    {
        using ActivityListener activities = ListenToActivities();
        using MeterListener measurements = ListenToMeasurements();
        var log = new CallbackLog();
        using Generation generation = Generation.Boot(new RecordingHandler(log));
        Generation.Preserve(generation.Create("session"), 1);
        log.Fail("frz1", LiveUpdateError.NoSpace);
        Refused.With(LiveUpdateError.NoSpace, () => generation.Update());
        Assert.That(_calls, Is.Positive);
    }

    private ActivityListener ListenToActivities()
    {
        var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == LiveUpdateDiagnostics.ActivitySourceName,
            Sample = static (ref _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = _ => Throw(),
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }

    private MeterListener ListenToMeasurements()
    {
        var listener = new MeterListener
        {
            InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Meter.Name == LiveUpdateDiagnostics.MeterName)
                    listener.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>((_, _, _, _) => Throw());
        listener.SetMeasurementEventCallback<long>((_, _, _, _) => Throw());
        listener.Start();
        return listener;
    }

    private void Throw()
    {
        _calls++;
        throw new InvalidOperationException("a listener's own failure");
    }
}
