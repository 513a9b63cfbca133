using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Agent;

/// <summary>
/// Writes down what the agent does, in the ledger and in the store beside it, in an order in which a death in between leaves nothing half
/// done. Safe for threads, as far as those of one session and one connection come one after another.
/// </summary>
/// <remarks>A descriptor is stored before the ledger counts on it, and removed after it does not any more.</remarks>
[SupportedOSPlatform("linux")]
internal sealed class AgentBooks(AgentLedger ledger, AgentStore store, AgentBackEnd backEnd)
{
    /// <summary>The ledger.</summary>
    public AgentLedger Ledger => ledger;

    /// <summary>The store.</summary>
    public AgentStore Store => store;

    /// <summary>Enters a connection that a client made.</summary>
    /// <returns>The number of its record.</returns>
    /// <exception cref="LiveUpdateException">ENOSPC, ETIMEDOUT: there is no room for it.</exception>
    public int AddConnection(LedgerConnectionState kind, uint user, int process, SafeHandle socket)
    {
        int record = ledger.AddConnection(kind, user, process);
        try
        {
            if (kind == LedgerConnectionState.Device)
                ledger.BeginGreeting(record);
            store.Store(StoreKey.OfConnection(record), socket);
            return record;
        }
        catch
        {
            ledger.RemoveConnection(record);
            throw;
        }
    }

    /// <summary>Takes a connection out that is no session's.</summary>
    public void RemoveConnection(int record)
    {
        // The index may be another's as soon as it is free.
        store.Remove(StoreKey.OfConnection(record));
        ledger.RemoveConnection(record);
    }

    /// <summary>Enters a session that was made, or is open again, with its connection.</summary>
    /// <param name="held">The session; parked and known, or null for a new one.</param>
    /// <param name="session">The session itself.</param>
    /// <param name="owner">Whose a new one is.</param>
    /// <param name="socket">The agent's end of the connection.</param>
    /// <returns>The session, connected.</returns>
    /// <exception cref="LiveUpdateException">ENOSPC, ETIMEDOUT: there is no room for it; nothing is entered.</exception>
    public HeldSession Open(HeldSession? held, Session session, UserAccount owner, SafeHandle socket)
    {
        int index = held?.Index ?? ledger.AddSession(
            owner.User, session.SessionName.Utf8, session.IsIncoming && ledger.Generation > 0 ? ledger.Generation - 1 : ledger.Generation);
        int record = -1;
        try
        {
            record = ledger.AddSessionConnection(index, owner.User, 0);
            store.Store(StoreKey.OfConnection(record), socket);
            if (session is KernelSession kernel)
                store.Store(StoreKey.OfKernelSession(index), kernel.Descriptor);
        }
        catch
        {
            if (record >= 0)
                RemoveConnection(record);
            if (held is null)
                ledger.RemoveSession(index, []);
            throw;
        }

        ledger.Attach(index, record);
        if (held is null)
        {
            ledger.CommitSession(index);
            held = new HeldSession(session.SessionName, session.IsIncoming, owner, index);

            // A new one was booked when it was asked for; this one nobody knew of.
            if (session.IsIncoming)
                owner.Restore(sessions: 1);
        }

        (held.Session, held.Connection) = (session, record);
        return held;
    }

    /// <summary>Enters a file that is about to be preserved.</summary>
    /// <returns>The number of its record; it counts once the request is answered with 0.</returns>
    /// <exception cref="LiveUpdateException">ENOSPC, ETIMEDOUT: there is no room for it.</exception>
    public int AddFile(HeldSession held, int connection, ulong token, long bytes, SafeFileHandle file)
    {
        int record = ledger.AddFile(held.Index, token, (ulong)bytes);
        try
        {
            if (backEnd.HoldsFiles)
                StoreFile(StoreKey.OfFile(record), file);
            ledger.Make(connection, record);
            return record;
        }
        catch
        {
            ledger.RemoveFile(record);
            throw;
        }
    }

    // systemd keeps an open file once, and it may be kept as a file of another session. To preserve, another open file of it is as good.
    private void StoreFile(string key, SafeFileHandle file)
    {
        try
        {
            store.Store(key, file);
        }
        catch (LiveUpdateException exception) when (exception.Error == LiveUpdateError.NotSupported && TryReopen(file) is { } another)
        {
            using (another)
                store.Store(key, another);
        }
    }

    private static SafeFileHandle? TryReopen(SafeFileHandle file)
    {
        try
        {
            string path = $"/proc/self/fd/{file.DangerousGetHandle()}";
            return MemfdStatus.IsMemfd(file, out _) ? File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite) : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Takes a file out that was not preserved after all.</summary>
    public void RemoveFile(int record)
    {
        if (backEnd.HoldsFiles)
            store.Remove(StoreKey.OfFile(record));
        ledger.RemoveFile(record);
    }

    /// <summary>Writes down that a session is finished, or closed: its files are nobody's from here on.</summary>
    public void Finish(HeldSession held)
    {
        held.IsFinished = true;
        ledger.FinishSession(held.Index, []);

        // The index may be another file's as soon as it is free.
        foreach (int file in held.Files)
            RemoveFile(file);
        held.Owner.Remove(files: held.FileCount, bytes: held.Bytes);
        held.ClearFiles();
    }

    /// <summary>Writes down that a session has no connection any more.</summary>
    public void Park(HeldSession held)
    {
        ledger.Park(held.Index);
        RemoveConnection(held.Connection);
        held.Connection = -1;
    }

    /// <summary>Takes a session out that is closed.</summary>
    public void Remove(HeldSession held)
    {
        Finish(held);
        if (backEnd.HasSessionDescriptors)
        {
            // The kernel closes the session at the last close of its copies.
            store.Remove(StoreKey.OfKernelSession(held.Index));
            SettleStore();
        }

        ledger.RemoveSession(held.Index, []);
        if (held.Connection >= 0)
            RemoveConnection(held.Connection);
        held.Connection = -1;
        held.Owner.Remove(sessions: 1);
    }

    private void SettleStore()
    {
        try
        {
            store.Settle();
        }
        catch (LiveUpdateException)
        {
            // The name is not free yet: whoever wants it is refused for the time being, and nothing is lost.
        }
    }
}
