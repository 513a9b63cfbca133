using System.Runtime.Versioning;
using LiveUpdate.Kho;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Tests.Infrastructure;

/// <summary>Notes the segments of a memory, and refuses what it is told to.</summary>
[SupportedOSPlatform("linux")]
internal sealed class SegmentLedger : SegmentCarrier
{
    public List<long> Lengths { get; } = [];

    public LiveUpdateError Refusal { get; set; }

    public override void Add(int number, SafeFileHandle segment)
    {
        if (Refusal != LiveUpdateError.None)
            throw new LiveUpdateException(Refusal, "A fault of the test's.");
        Assert.That(number, Is.EqualTo(Lengths.Count));
        Lengths.Add(RandomAccess.GetLength(segment));
    }
}
