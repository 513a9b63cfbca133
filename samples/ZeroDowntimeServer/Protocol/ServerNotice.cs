using System.Globalization;

namespace ZeroDowntimeServer.Protocol;

/// <summary>A line that the server says to the driver: a word and what belongs to it, separated by blanks.</summary>
internal sealed record ServerNotice(string Kind, params string[] Values)
{
    /// <summary><c>ready PORT</c>: the first generation listens.</summary>
    public const string Ready = "ready";

    /// <summary>
    /// <c>updated NUMBER REST ANSWER FREEZE RETRIEVE RECEIVED UNSENT</c>: a new generation serves. Time stamps, and bytes carried in
    /// typed state.
    /// </summary>
    public const string Updated = "updated";

    /// <summary><c>called-off TEXT</c>: the successor did not take over, and the old generation goes on.</summary>
    public const string CalledOff = "called-off";

    /// <summary><c>stopped REQUESTS CONNECTIONS</c>: the last word of the last generation.</summary>
    public const string Stopped = "stopped";

    public static ServerNotice Of(string kind, params IEnumerable<object> values) =>
        new(kind, [.. values.Select(static value => Convert.ToString(value, CultureInfo.InvariantCulture)!)]);

    public static ServerNotice Parse(string line) => line.Split(' ') is [var kind, .. var values] ? new(kind, values) : new("");

    public long Number(int index) => long.Parse(Values[index], CultureInfo.InvariantCulture);

    public override string ToString() => string.Join(' ', [Kind, .. Values]);
}
