using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using LiveUpdate.Abi;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate;

/// <content>Descriptors that do not travel by their numbers: a session of the kernel's carries them.</content>
public sealed partial class DescriptorSlots
{
    private const int None = -1;

    // The handler's callback runs on the thread of the preserve, and its descriptor is known by that.
    [ThreadStatic]
    private static DescriptorSlots? t_collecting;

    [ThreadStatic]
    private static int t_collected;

    private DescriptorSlotSer?[]? _carriedIncoming;

    /// <summary>What carries them; null where they travel with the process, or from process to process.</summary>
    internal CarriedSessions? Carried { get; set; }

    /// <summary>Takes the slots of descriptors that came; each is asked for when it is needed.</summary>
    internal void SetCarried(DescriptorSlotSer?[] slots)
    {
        (_incoming, _carriedIncoming) = (new SafeFileHandle?[slots.Length], slots);
        _incomingCount = slots.Count(static slot => slot is not null);
    }

    /// <summary>Whether a descriptor arrived in a slot, and nobody has taken or released it; unlike a peek, fetches none.</summary>
    [MethodImpl(WithinPause.Compiled)]
    internal bool Contains(int slot) =>
        (uint)slot < (uint)_incoming.Length && (_incoming[slot] is not null || _carriedIncoming?[slot] is not null);

    /// <summary>Begins to watch which descriptor this thread adds: the one of the file whose <c>Preserve</c> runs.</summary>
    internal void BeginCollect() => (t_collecting, t_collected) = (this, None);

    /// <summary>Ends that.</summary>
    /// <returns>The slot; -1 if none was added.</returns>
    internal static int EndCollect()
    {
        t_collecting = null;
        return t_collected;
    }

    /// <summary>Has the descriptor in a slot travel in a session of the carrier's: the last step of a preserve that can fail.</summary>
    /// <exception cref="LiveUpdateException">The carrier refuses; nothing has changed.</exception>
    internal void Carry(int slot, CarriedSession session, ulong token)
    {
        SafeHandle handle;
        lock (_lock)
            handle = _outgoing[slot]!;
        session.Preserve(token, handle);
        lock (_lock)
        {
            DescriptorSlotSer record = MemoryMarshal.Read<DescriptorSlotSer>(_blocks!.GetEntry(slot));
            (record.Descriptor, record.State, record.Token) = ((int)session.Number, DescriptorSlotSer.InKernelSession, token);
            Write(slot, record);
        }
    }

    private void ThrowIfNotCarried()
    {
        if (Carried is null)
            return;
        if (t_collecting != this)
        {
            throw new LiveUpdateException(
                LiveUpdateError.NotSupported, "Across a kernel a descriptor travels as part of a file, and is added in that file's Preserve.");
        }

        if (t_collected != None)
        {
            throw new LiveUpdateException(
                LiveUpdateError.NotSupported, "Across a kernel a file has one descriptor: its token is what names it to the kernel.");
        }
    }

    private void NoteAdded(int slot)
    {
        if (t_collecting == this)
            t_collected = slot;
    }

    private void NoteRemoved(int slot)
    {
        if (t_collecting == this && t_collected == slot)
            t_collected = None;
    }

    private bool TryFetch(int slot, [NotNullWhen(true)] out SafeFileHandle? handle)
    {
        handle = null;
        if (_carriedIncoming is null)
            return false;
        lock (_lock)
        {
            if (!Contains(slot))
                return false;
            if (_incoming[slot] is null && _carriedIncoming![slot] is { } carried)
                _incoming[slot] = Carried!.Retrieve((uint)carried.Descriptor, carried.Token);
            handle = _incoming[slot]!;
            return true;
        }
    }

    private void ForgetCarried(int slot)
    {
        if (_carriedIncoming is { } carried)
            carried[slot] = null;
    }
}
