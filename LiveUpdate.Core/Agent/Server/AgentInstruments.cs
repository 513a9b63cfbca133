using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Runtime.Versioning;
using LiveUpdate.Abi;

namespace LiveUpdate.Agent;

/// <summary>The measurements of one agent, in a meter named <see cref="AgentServer.MeterName"/>.</summary>
[SupportedOSPlatform("linux")]
internal sealed class AgentInstruments : IDisposable
{
    private const string ErrorTag = "error.type";

    private readonly Meter _meter = new(AgentServer.MeterName, typeof(AgentInstruments).Assembly.GetName().Version?.ToString(3));
    private readonly Histogram<double> _requests;
    private readonly Counter<long> _updates;

    public AgentInstruments(AgentServer server)
    {
        _requests = _meter.CreateHistogram<double>("liveupdate.agent.request.duration", "s", "From a request's frame to its answer.");
        _updates = _meter.CreateCounter<long>("liveupdate.agent.updates", "{update}", "Updates that are over or called off.");
        _meter.CreateObservableUpDownCounter("liveupdate.agent.connections", () => server.DeviceClients, "{connection}", "Clients that have the device open.");
        _meter.CreateObservableUpDownCounter("liveupdate.agent.sessions", () => CountSessions(server), "{session}", "Sessions, by side and state.");
        _meter.CreateObservableUpDownCounter(
            "liveupdate.agent.files", () => server.Sessions.All.Sum(static one => one.FileCount), "{file}", "Preserved files.");
        _meter.CreateObservableUpDownCounter(
            "liveupdate.agent.size", () => server.Sessions.All.Sum(static one => one.Bytes), "By", "The size of preserved files, as far as it is known.");
    }

    /// <summary>A time stamp for <see cref="Answered"/>; 0 if nobody listens.</summary>
    public long Start() => _requests.Enabled ? Stopwatch.GetTimestamp() : 0;

    /// <summary>Notes a request.</summary>
    public void Answered(uint request, LiveUpdateError error, long start)
    {
        if (start == 0)
            return;
        _requests.Record(
            Stopwatch.GetElapsedTime(start).TotalSeconds,
            new KeyValuePair<string, object?>("liveupdate.agent.request", NameOf(request)),
            new KeyValuePair<string, object?>(ErrorTag, error == LiveUpdateError.None ? null : error.ToErrnoName()));
    }

    /// <summary>Notes the end of an update.</summary>
    public void Observe(AgentEvent happened)
    {
        if (happened.Kind is AgentEventKind.Over or AgentEventKind.CalledOff)
            _updates.Add(1, new KeyValuePair<string, object?>(ErrorTag, happened.Error == LiveUpdateError.None ? null : happened.Error.ToErrnoName()));
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private static string NameOf(uint request) => request switch
    {
        LiveUpdateIoctl.CreateSession => "create_session",
        LiveUpdateIoctl.RetrieveSession => "retrieve_session",
        LiveUpdateIoctl.PreserveFd => "preserve",
        LiveUpdateIoctl.RetrieveFd => "retrieve",
        LiveUpdateIoctl.Finish => "finish",
        LiveUpdateIoctl.GetName => "get_name",
        AgentProtocol.Describe => "describe",
        _ => "other",
    };

    private static IEnumerable<Measurement<int>> CountSessions(AgentServer server) => server.Sessions.All
        .GroupBy(static one => (one.IsIncoming, IsOpen: one.Session is not null))
        .Select(static group => new Measurement<int>(
            group.Count(),
            new("liveupdate.agent.side", group.Key.IsIncoming ? "incoming" : "outgoing"),
            new("liveupdate.agent.state", group.Key.IsOpen ? "open" : "parked")));
}
