using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Agent;

/// <content>What an agent before this one handed over in an update.</content>
public sealed partial class AgentServer
{
    private void GoOnAfterUpdate(IReadOnlyDictionary<string, SafeFileHandle> baggage)
    {
        try
        {
            if (baggage.TryGetValue(Keeper, out SafeFileHandle? keeper))
                _store = AgentStore.Keeper(Detach(keeper));
            _ = _store.Take();
            AdoptStored(baggage);
            AgentLedger ledger = AgentLedger.Open(Take(baggage, StoreKey.Ledger));
            _books = new AgentBooks(ledger, _store, _backEnd);

            // From here on every session of the ledger is an incoming one.
            ledger.Generation++;
            EndSessionConnections(baggage);
            RestoreIncoming();
            Listen(baggage);
            RestoreDevices(baggage, isAfterDeath: false);
            RestoreUpdates(baggage);
            ledger.Settle();
        }
        finally
        {
            foreach (SafeFileHandle handle in baggage.Values)
                handle.Dispose();
        }
    }

    // What the agent before this one stored under these keys is stored still.
    private void AdoptStored(IReadOnlyDictionary<string, SafeFileHandle> baggage)
    {
        foreach ((string key, SafeFileHandle handle) in baggage)
        {
            if (key is not (UpdateState or Keeper))
                _store.Adopt(key, handle);
        }
    }

    private void RestoreIncoming()
    {
        AgentLedger ledger = Books.Ledger;
        HashSet<SessionName>? arrived = ListArrived();
        ILookup<int, int> files = FilesBySession();
        foreach (int index in ledger.Contents.Sessions)
        {
            HeldSession held = Restore(index, files);
            bool isOlder = ledger.Session(index).Generation + 1 < ledger.Generation;
            if (held.IsFinished || isOlder || arrived?.Contains(held.Name) == false)
                Books.Remove(held);
            else
                Sessions.Add(held);
        }
    }

    /// <summary>The names that came; null where the device does not list them.</summary>
    private HashSet<SessionName>? ListArrived()
    {
        try
        {
            return [.. Device.GetIncomingSessions().Select(static name => SessionName.TryCreate(name, out SessionName parsed) ? parsed : default)];
        }
        catch (LiveUpdateException exception) when (exception.Error == LiveUpdateError.NotSupported)
        {
            return null;
        }
    }

    private void RestoreUpdates(IReadOnlyDictionary<string, SafeFileHandle> baggage)
    {
        var sockets = new Dictionary<int, SafeFileHandle>();
        foreach (int record in Books.Ledger.Contents.Connections)
        {
            LedgerConnection connection = Books.Ledger.Connection(record);
            if (connection.State != LedgerConnectionState.Update)
                continue;
            if (baggage.TryGetValue(StoreKey.OfConnection(record), out SafeFileHandle? socket) && !socket.IsInvalid)
            {
                EnterUpdateClient(record, connection.User);
                sockets.Add(record, Detach(socket));
            }
            else
                Books.RemoveConnection(record);
        }

        if (!baggage.TryGetValue(UpdateState, out SafeFileHandle? state))
            return;
        byte[] saved = AgentStateFile.Read(state);
        if (_backEnd.HasSessionDescriptors)
        {
            // Behind a kexec: the programs are new, and connect anew.
            UpdateSaved update = UpdateSaved.Read(saved);
            _updates.BeginClaiming(update.Update, update.ClaimTime, update.Expected);
        }
        else
        {
            _updates.Restore(saved, sockets);
            foreach (int record in sockets.Keys.Except(_updates.Sockets.Keys))
                UpdateClientClosed(record);
        }
    }

    private static SafeFileHandle Take(IReadOnlyDictionary<string, SafeFileHandle> baggage, string key) =>
        baggage.TryGetValue(key, out SafeFileHandle? handle) ? Detach(handle) : throw new LiveUpdateImageException(
            LiveUpdateError.InvalidArgument, "the agent's session", PhysicalAddress.None, 0, $"a file named \"{key}\"", "none");
}
