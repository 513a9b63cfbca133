using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate;

/// <summary>
/// The sessions of the real device that this process holds: open ones, which the garbage collector must not end, and parked ones, which
/// a program has disposed unfinished.
/// </summary>
/// <remarks>
/// Of the process and not of a device, as the descriptors are: closing a session's descriptor discards what was not retrieved (S-21),
/// so a parked one stays open until somebody retrieves it again or the process ends. Its lock is a leaf: no request is made under it.
/// </remarks>
[SupportedOSPlatform("linux")]
internal static class KernelSessions
{
    private static readonly Lock s_lock = new();
    private static readonly Dictionary<SessionName, int> s_outgoing = [];
    private static readonly Dictionary<SessionName, KernelDescriptor> s_parked = [];

    /// <summary>The open sessions are a list of their own links: nothing is allocated for a session that is made.</summary>
    private static KernelSession? s_first;

    /// <summary>The names of the parked sessions, in no order; a snapshot.</summary>
    public static IReadOnlyList<SessionName> Parked
    {
        get
        {
            lock (s_lock)
                return [.. s_parked.Keys];
        }
    }

    /// <summary>Roots a session; once.</summary>
    public static void Add(KernelSession session)
    {
        lock (s_lock)
        {
            session.Next = s_first;
            if (s_first is not null)
                s_first.Previous = session;
            s_first = session;
            if (!session.IsIncoming)
                CollectionsMarshal.GetValueRefOrAddDefault(s_outgoing, session.SessionName, out _)++;
        }
    }

    /// <summary>Lets a session go whose descriptor is about to be closed; once.</summary>
    public static void Remove(KernelSession session)
    {
        lock (s_lock)
            RemoveUnsynchronized(session);
    }

    /// <summary>Whether this process holds an outgoing session of that name: then the kernel would refuse another.</summary>
    public static bool HoldsOutgoing(SessionName name)
    {
        lock (s_lock)
            return s_outgoing.ContainsKey(name);
    }

    /// <summary>Keeps the descriptor of an unfinished session.</summary>
    public static void Park(KernelSession session, KernelDescriptor descriptor)
    {
        SafeFileHandle? surplus = null;
        lock (s_lock)
        {
            RemoveUnsynchronized(session);

            // A name is retrieved once in the life of a kernel: another descriptor of that name is a duplicate, and the first keeps the session.
            if (!s_parked.TryAdd(session.SessionName, descriptor))
                surplus = descriptor.Handle;
        }

        surplus?.Dispose();
    }

    /// <summary>Takes a parked session; the caller owns its descriptor.</summary>
    public static bool TryTake(SessionName name, [NotNullWhen(true)] out KernelDescriptor? descriptor)
    {
        lock (s_lock)
            return s_parked.Remove(name, out descriptor);
    }

    private static void RemoveUnsynchronized(KernelSession session)
    {
        if (session.Previous is not null)
            session.Previous.Next = session.Next;
        else
            s_first = session.Next;
        if (session.Next is not null)
            session.Next.Previous = session.Previous;
        (session.Previous, session.Next) = (null, null);
        if (!session.IsIncoming && --CollectionsMarshal.GetValueRefOrAddDefault(s_outgoing, session.SessionName, out _) == 0)
            s_outgoing.Remove(session.SessionName);
    }
}
