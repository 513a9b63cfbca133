using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Tests.Infrastructure;

/// <summary>What a <see cref="HoldingCarrier"/> holds between two generations: descriptors by session and token.</summary>
internal sealed class HeldSessions : IDisposable
{
    public SortedDictionary<uint, SortedDictionary<ulong, SafeFileHandle>> Sessions { get; } = [];

    /// <summary>What there is: <c>1(10 20) 2(10)</c>.</summary>
    public override string ToString() => string.Join(' ', Sessions.Select(static session => $"{session.Key}({string.Join(' ', session.Value.Keys)})"));

    public void Drop(uint number)
    {
        if (!Sessions.Remove(number, out SortedDictionary<ulong, SafeFileHandle>? files))
            return;
        foreach (SafeFileHandle file in files.Values)
            file.Dispose();
    }

    public void Dispose()
    {
        foreach (uint number in Sessions.Keys.ToArray())
            Drop(number);
    }
}
