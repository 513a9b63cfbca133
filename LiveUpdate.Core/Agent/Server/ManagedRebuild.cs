using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Agent;

/// <summary>Makes the sessions of an agent that died once more, from its ledger and the files that lay beside it.</summary>
[SupportedOSPlatform("linux")]
internal sealed class ManagedRebuild
{
    private readonly AgentLedger _ledger;
    private readonly IReadOnlyDictionary<string, SafeFileHandle> _stored;
    private readonly Action<int, int?, Exception> _report;
    private readonly ILookup<int, int> _files;
    private readonly Dictionary<int, Session> _sessions = [];

    public ManagedRebuild(AgentLedger ledger, IReadOnlyDictionary<string, SafeFileHandle> stored, Action<int, int?, Exception> report)
    {
        (_ledger, _stored, _report) = (ledger, stored, report);
        _files = ledger.Contents.Files.ToLookup(file => ledger.PreservedFile(file).Session);
    }

    /// <summary>Whether there are incoming sessions.</summary>
    public bool HasIncoming => _ledger.Contents.Sessions.Any(IsWanted);

    /// <summary>The sessions that have a connection, by index.</summary>
    public IReadOnlyDictionary<int, Session> Sessions => _sessions;

    /// <summary>Preserves incoming sessions, in a generation that is about to be handed over.</summary>
    public void PreserveIncoming(LiveUpdateDevice device)
    {
        foreach (int index in _ledger.Contents.Sessions.Where(IsWanted))
            Try(index, () => Preserve(device, index));
    }

    /// <summary>Retrieves and finishes what clients have, of open sessions and of parked ones.</summary>
    public void RetrieveIncoming(LiveUpdateDevice device)
    {
        foreach (int index in _ledger.Contents.Sessions.Where(IsWanted))
            Try(index, () => Retrieve(device, index));
    }

    /// <summary>Makes outgoing sessions. One without a connection was just being closed.</summary>
    public void PreserveOutgoing(LiveUpdateDevice device)
    {
        foreach (int index in _ledger.Contents.Sessions.Where(index => !_ledger.IsIncoming(index) && _ledger.Session(index).Connection >= 0))
            Try(index, () => _sessions.Add(index, Preserve(device, index)));
    }

    private Session Preserve(LiveUpdateDevice device, int index)
    {
        Session session = device.CreateSession(NameOf(index));
        foreach (int file in _files[index])
        {
            ulong token = _ledger.PreservedFile(file).Token;
            Try(index, file, () => session.Preserve(
                token, _stored.GetValueOrDefault(StoreKey.OfFile(file)) ?? throw new LiveUpdateException(
                    LiveUpdateError.BadDescriptor, $"The file {new Token(token)} was not stored.")));
        }

        return session;
    }

    private void Retrieve(LiveUpdateDevice device, int index)
    {
        Session session = device.RetrieveSession(NameOf(index));
        foreach (int file in _files[index].Where(file => _ledger.PreservedFile(file).State == LedgerFileState.Retrieved))
            Try(index, () => (session.Retrieve(_ledger.PreservedFile(file).Token) as SafeFileHandle)?.Dispose());
        if (_ledger.Session(index).State == LedgerSessionState.Finished)
            session.Finish();
        if (_ledger.Session(index).Connection >= 0)
            _sessions.Add(index, session);
        else
            session.Dispose();
    }

    // What is finished and has no connection is nobody's.
    private bool IsWanted(int index) =>
        _ledger.IsIncoming(index) && (_ledger.Session(index).State == LedgerSessionState.Live || _ledger.Session(index).Connection >= 0);

    private SessionName NameOf(int index) => SessionName.FromImage(_ledger.Session(index).Name);

    private void Try(int index, Action action) => Try(index, null, action);

    private void Try(int index, int? file, Action action)
    {
        try
        {
            action();
        }
        catch (LiveUpdateException exception)
        {
            _report(index, file, exception);
        }
    }
}
