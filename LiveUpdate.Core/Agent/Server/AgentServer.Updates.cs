using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Agent;

/// <content>Updates, and what is told of the agent.</content>
public sealed partial class AgentServer
{
    /// <summary>What updates replace.</summary>
    internal string BackEndName => _backEnd.Name;

    /// <summary>How many clients have the device open.</summary>
    internal int DeviceClients
    {
        get
        {
            lock (_lock)
                return _connections.Keys.Count(static one => one is DeviceConnection);
        }
    }

    /// <summary>Whether a user may start and call off updates.</summary>
    internal bool IsAdministrator(uint user) => IsPrivileged(user) || _options.Administrators.Contains(user);

    /// <summary>A number that no update had before.</summary>
    internal ulong NextUpdate() => Books.Ledger.Update = Math.Max(Books.Ledger.Generation, Books.Ledger.Update) + 1;

    /// <summary>What stands in the way of an update, and of the agent's own survival.</summary>
    internal IReadOnlyList<PreflightFinding> Check()
    {
        IReadOnlyList<HeldSession> sessions = Sessions.All;
        string[] unfinished = [.. sessions.Where(static one => one.IsUnfinished).Select(static one => one.Name.ToString())];
        return [.. _backEnd.Check(sessions.Count, unfinished), .. _store.Check()];
    }

    /// <summary>Loads a kernel for the next update.</summary>
    internal void Load(KernelImage image) => _backEnd.Load(image);

    /// <summary>The files of a session, in the order in which they were preserved; null if there is none of that name.</summary>
    internal IReadOnlyList<AgentFileInfo>? ListFiles(SessionName name, bool isIncoming)
    {
        if (!Sessions.TryFind(name, isIncoming, out HeldSession? held))
            return null;
        AgentLedger ledger = Books.Ledger;
        return [.. held.Files.Select(file => ledger.PreservedFile(file)).Select(static file =>
            new AgentFileInfo(file.Token, (long)file.ByteCount, file.State == LedgerFileState.Retrieved))];
    }

    /// <summary>Hands over; returns when a successor has taken over, and throws if nothing happened.</summary>
    internal async Task HandOverAsync(Action<string> phase, CancellationToken cancellationToken)
    {
        SafeFileHandle? state = null;
        try
        {
            await _backEnd.HandOverAsync(
                async token =>
                {
                    await Gate.CloseAsync(token).ConfigureAwait(false);
                    state = AgentStateFile.Create(await _updates.SaveAsync(token).ConfigureAwait(false));
                    return Pack(state);
                },
                phase,
                cancellationToken).ConfigureAwait(false);
            _completion.TrySetResult();
        }
        catch (Exception exception) when (_backEnd.IsOver)
        {
            // The successor took over and ended right then: nothing is called off, and this process is over. What is stored is all there is, for
            // the agent that comes next.
            _completion.TrySetException(exception);
        }
        finally
        {
            state?.Dispose();
        }
    }

    private Dictionary<string, SafeHandle> Pack(SafeHandle state)
    {
        var baggage = new Dictionary<string, SafeHandle>(StringComparer.Ordinal)
        {
            [StoreKey.Ledger] = Books.Ledger.File,
            [UpdateState] = state,
            [StoreKey.DeviceListener] = _deviceListener!.Handle,
            [StoreKey.UpdateListener] = _updateListener!.Handle,
        };
        if (_store.Connection is { } keeper)
            baggage.Add(Keeper, keeper);
        foreach ((int record, SafeHandle socket) in _updates.Sockets)
            baggage.Add(StoreKey.OfConnection(record), socket);
        lock (_lock)
        {
            // One that has just ended may be here still, and its record another's.
            foreach (ClientConnection connection in _connections.Keys.Where(static one => !one.Socket.IsClosed))
                baggage.Add(StoreKey.OfConnection(connection.Record), connection.Socket);
        }

        return baggage;
    }
}
