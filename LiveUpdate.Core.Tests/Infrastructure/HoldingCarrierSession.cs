using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Tests.Infrastructure;

/// <summary>One session of a <see cref="HoldingCarrier"/>.</summary>
[SupportedOSPlatform("linux")]
internal sealed class HoldingCarrierSession(HoldingCarrier carrier, HeldSessions held, uint number, bool isIncoming) : CarrierSession
{
    public override string Name => $"test.{number}";

    public override SafeFileHandle Handle => throw new NotSupportedException();

    public override void Preserve(ulong token, SafeHandle file)
    {
        carrier.Ask($"preserve {number} {token}");
        held.Sessions[number].Add(token, DescriptorInfo.Duplicate(file));
    }

    public override SafeFileHandle Retrieve(ulong token)
    {
        carrier.Ask($"retrieve {number} {token}");
        return held.Sessions[number].TryGetValue(token, out SafeFileHandle? file)
            ? DescriptorInfo.Duplicate(file)
            : throw new LiveUpdateException(LiveUpdateError.NotFound, "No such token.");
    }

    public override void Finish()
    {
        carrier.Ask($"finish {number}");
        held.Drop(number);
    }

    public override void Dispose()
    {
        if (!isIncoming)
            held.Drop(number);
    }
}
