using System.Text;
using LiveUpdate.Kho;

namespace LiveUpdate;

/// <summary>One FLB in one orchestrator: its two sides, and how many handlers are linked to it.</summary>
internal sealed class FlbRegistration(Flb flb, KexecHandover memory, CleanupErrors errors)
{
    public Flb Flb { get; } = flb;

    /// <summary>The name as it lies in a record.</summary>
    public byte[] Name { get; } = Encoding.UTF8.GetBytes(flb.Compatible);

    public OutgoingFlb Outgoing { get; } = new(flb, memory, errors);

    public IncomingFlb Incoming { get; } = new(flb, memory, errors);

    /// <summary>How many handlers depend on it; it is in the global list while there is one (reference G-06).</summary>
    public int Links { get; set; }

    /// <summary>How many of those are being unregistered.</summary>
    public int LinksGoingAway { get; set; }

    /// <summary>Whether every handler that depends on it is being unregistered (reference G-25).</summary>
    public bool IsGoingAway => Links > 0 && LinksGoingAway == Links;
}
