using System.Runtime.Versioning;
using LiveUpdate.Kho;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate;

/// <summary>Has the segments of the orchestrator's memory travel in its own session of the kernel's, each under its number as the token.</summary>
[SupportedOSPlatform("linux")]
internal sealed class KernelSegments(KernelSession session) : SegmentCarrier
{
    /// <inheritdoc/>
    public override void Add(int number, SafeFileHandle segment) => session.Preserve((ulong)number, segment);
}
