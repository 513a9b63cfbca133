using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace LiveUpdate;

/// <summary>
/// Tells the program's listeners of updates. What they throw, and code for it that cannot be loaded, stays here: watching an update must
/// not call it off, and after the commit must not end the new generation.
/// </summary>
[SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "Whatever a listener throws.")]
internal static class UpdateTelemetry
{
    /// <inheritdoc cref="UpdateInstruments.StartHandover"/>
    public static Activity? StartHandover(string target, ulong number)
    {
        Activity? activity = null;
        Guard(() => activity = UpdateInstruments.StartHandover(target, number));
        return activity;
    }

    /// <inheritdoc cref="UpdateInstruments.Completed"/>
    public static void Completed(Activity? activity, LiveUpdateReport report) => Guard(() => UpdateInstruments.Completed(activity, report));

    /// <inheritdoc cref="UpdateInstruments.Failed"/>
    public static void Failed(Activity? activity, string target, TimeSpan duration, Exception cause) =>
        Guard(() => UpdateInstruments.Failed(activity, target, duration, cause));

    /// <summary>Ends the activity of a hand-over.</summary>
    public static void Stop(Activity? activity) => Guard(() => activity?.Stop());

    /// <inheritdoc cref="UpdateInstruments.Booted"/>
    public static void Booted(LiveUpdateReport report, ActivityContext parent) => Guard(() => UpdateInstruments.Booted(report, parent));

    private static void Guard(Action action)
    {
        try
        {
            action();
        }
        catch (Exception)
        {
        }
    }
}
