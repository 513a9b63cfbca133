namespace LiveUpdate.Agent;

// The life of a request: idle, taking, executing, answered, idle.
internal sealed partial class AgentLedger
{
    /// <summary>A new connection is about to be greeted, which counts as an answer to a request that it has not made; <see cref="Rest"/> follows.</summary>
    public void BeginGreeting(int connection)
    {
        ref LedgerConnection record = ref ConnectionAt(connection);
        Set(ref record.Request, AgentProtocol.Greeting);
        Set(ref record.PhaseAndCount, LedgerConnection.Combine(LedgerPhase.Answered, record.Count));
    }

    /// <summary>Its frame is there whole, and is taken out of the socket next.</summary>
    /// <param name="connection">The connection, idle.</param>
    /// <param name="request">The number of the request.</param>
    public void BeginTaking(int connection, uint request)
    {
        ref LedgerConnection record = ref ConnectionAt(connection);
        Set(ref record.Request, request);
        Set(ref record.PhaseAndCount, LedgerConnection.Combine(LedgerPhase.Taking, record.Count));
    }

    /// <summary>The frame has been taken, and counts.</summary>
    public void BeginExecuting(int connection)
    {
        ref LedgerConnection record = ref ConnectionAt(connection);
        Set(ref record.PhaseAndCount, LedgerConnection.Combine(LedgerPhase.Executing, record.Count + 1));
    }

    /// <summary>Says which file the request makes: with the answer 0 it is there.</summary>
    /// <param name="connection">The connection, executing a request to preserve.</param>
    /// <param name="file">The file, of the connection's session.</param>
    public void Make(int connection, int file) => Set(ref ConnectionAt(connection).File, file);

    /// <summary>
    /// Decides what becomes of the request, before the answer is sent. A file that it was to make is there now, or is the caller's to
    /// remove.
    /// </summary>
    /// <param name="connection">The connection, executing.</param>
    /// <param name="error">The errno; none for success.</param>
    public void Answer(int connection, LiveUpdateError error)
    {
        ref LedgerConnection record = ref ConnectionAt(connection);
        Set(ref record.Errno, (int)error);
        Set(ref record.PhaseAndCount, LedgerConnection.Combine(LedgerPhase.Answered, record.Count));
        if (error == LiveUpdateError.None && record.File >= 0)
            CommitFile(record.File);
    }

    /// <summary>The answer has been sent, or is not wanted.</summary>
    public void Rest(int connection)
    {
        ref LedgerConnection record = ref ConnectionAt(connection);
        Set(ref record.PhaseAndCount, LedgerConnection.Combine(LedgerPhase.Idle, record.Count));
        Set(ref record.File, -1);
    }

    /// <summary>
    /// Decides, after a death, what became of a request whose frame was being taken: it lies in the socket still, or was taken and not
    /// carried out.
    /// </summary>
    /// <param name="connection">The connection, found taking or executing.</param>
    /// <param name="isInSocket">Whether a frame is in the socket; of no account when it was executing.</param>
    public void Interrupt(int connection, bool isInSocket)
    {
        LedgerPhase phase = ConnectionAt(connection).Phase;
        if (phase == LedgerPhase.Taking && isInSocket)
        {
            Rest(connection);
            return;
        }

        if (phase == LedgerPhase.Taking)
            BeginExecuting(connection);
        Answer(connection, LiveUpdateError.Interrupted);
    }
}
