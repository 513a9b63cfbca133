using System.Runtime.InteropServices;

namespace LiveUpdate;

/// <summary>The carrier's session of one outgoing session: made with its first descriptor, and gone with the session.</summary>
internal sealed class CarriedSession(SessionName name, uint number, CarrierSession session)
{
    public SessionName Name => name;

    /// <summary>The number in the name of the carrier's session.</summary>
    public uint Number => number;

    public CarrierSession Session => session;

    /// <summary>How many descriptors are in it. The session's lock guards it.</summary>
    public ulong Files { get; private set; }

    /// <summary>Its place in the list.</summary>
    public LinkedListNode<CarriedSession>? Node { get; set; }

    /// <summary>Has a descriptor travel.</summary>
    /// <exception cref="LiveUpdateException">The carrier refuses it.</exception>
    public void Preserve(ulong token, SafeHandle file)
    {
        session.Preserve(token, file);
        Files++;
    }
}
