using System.Runtime.Versioning;

namespace LiveUpdate.Tests.Infrastructure;

/// <summary>Carries descriptors by holding duplicates of them in this process, from one generation to the next.</summary>
[SupportedOSPlatform("linux")]
internal sealed class HoldingCarrier(HeldSessions outgoing, HeldSessions? incoming = null) : DescriptorCarrier
{
    /// <summary>Asked before each step, as <c>preserve 1 10</c>; an error makes it fail.</summary>
    public Func<string, LiveUpdateError>? Fault { get; set; }

    public HeldSessions Incoming => incoming ?? throw new InvalidOperationException("Nothing came.");

    public override CarrierSession Create(uint number)
    {
        Ask($"create {number}");
        outgoing.Sessions.Add(number, []);
        return new HoldingCarrierSession(this, outgoing, number, isIncoming: false);
    }

    public override CarrierSession Retrieve(uint number)
    {
        Ask($"retrieve session {number}");
        return incoming?.Sessions.ContainsKey(number) == true
            ? new HoldingCarrierSession(this, incoming, number, isIncoming: true)
            : throw new LiveUpdateException(LiveUpdateError.NotFound, "No such session came.");
    }

    public override void CheckDescriptorFree() => Ask("check");

    public override void Dispose()
    {
    }

    public void Ask(string step)
    {
        if (Fault?.Invoke(step) is { } error and not LiveUpdateError.None)
            throw new LiveUpdateException(error, $"A fault of the test's: {step}.");
    }
}
