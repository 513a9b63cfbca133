using System.Globalization;
using System.Runtime.Versioning;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Samples.ScenarioRunner;

/// <summary>The kernel's log, where its test module says what its three FLBs were asked.</summary>
[SupportedOSPlatform("linux")]
internal sealed class KernelLog : IDisposable
{
    private const string Path = "/dev/kmsg";
    private const string Prefix = "liveupdate test: liveupdate-test-flb-v";
    private const int LongestRecord = 8192;

    private static readonly (string Text, string Event)[] s_events =
    [
        ("unpreserve was", "unpreserve"), ("preserve was", "preserve"), ("found flb data", "retrieve"), ("finish was", "finish"),
    ];

    private readonly SafeFileHandle _log = NativeFile.OpenLog(Path);
    private readonly byte[] _record = new byte[LongestRecord];

    /// <summary>Passes over what has been logged so far.</summary>
    public void Skip() => NativeFile.SeekToEnd(_log);

    /// <summary>Takes what was logged since, as lines of a trace.</summary>
    public void Collect(Queue<string> events)
    {
        LiveUpdateError error;
        while ((error = NativeFile.ReadRecord(_log, _record, out int count)) is LiveUpdateError.None or LiveUpdateError.BrokenPipe)
        {
            // EPIPE: records were overwritten before they were read.
            if (error == LiveUpdateError.None && Parse(Encoding.UTF8.GetString(_record, 0, count)) is { } entry)
                events.Enqueue(entry);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _log.Dispose();

    private static string? Parse(string record)
    {
        int start = record.IndexOf(Prefix, StringComparison.Ordinal);
        if (start < 0)
            return null;
        ReadOnlySpan<char> entry = record.AsSpan(start + Prefix.Length);
        foreach ((string text, string what) in s_events)
        {
            if (entry.Contains(text, StringComparison.Ordinal))
                return string.Create(CultureInfo.InvariantCulture, $"flb{entry[0]} {what}");
        }

        return $"flb{entry[0]} ERROR";
    }
}
