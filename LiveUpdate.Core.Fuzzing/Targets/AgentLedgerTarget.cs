using LiveUpdate.Abi;
using LiveUpdate.Agent;
using LiveUpdate.Interop;
using LiveUpdate.Kho;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Fuzzing.Targets;

/// <summary>The ledger that an agent left: what can be opened is opened once more, and reads the same.</summary>
internal sealed class AgentLedgerTarget : FuzzTarget
{
    private static readonly LedgerCapacity s_capacity = new(Connections: 8, Sessions: 8, Files: 16);

    private readonly byte[] _constant;

    public AgentLedgerTarget()
    {
        using AgentLedger ledger = AgentLedger.Create(s_capacity);
        for (int i = 0; i < 3; i++)
        {
            int session = ledger.AddSession(user: 1000, [(byte)'v', (byte)('0' + i)], ledger.Generation);
            int connection = ledger.AddSessionConnection(session, user: 1000, process: 1);
            ledger.Attach(session, connection);
            ledger.CommitSession(session);
            ledger.CommitFile(ledger.AddFile(session, token: 7, size: 4096));
            ledger.BeginTaking(connection, LiveUpdateIoctl.PreserveFd);
            ledger.BeginExecuting(connection);
            ledger.Make(connection, ledger.AddFile(session, token: 8, size: 1));
        }

        ledger.AddConnection(LedgerConnectionState.Device, user: 0, process: 2);
        byte[] seed = new byte[s_capacity.Length];
        RandomAccess.Read(ledger.File, seed, 0);
        _constant = seed[..LedgerHeader.ConstantSize];
        Seeds = [seed[LedgerHeader.ConstantSize..]];
    }

    public override string Name => "agent-ledger";

    public override int MaxLength => s_capacity.Length;

    public override int Cost => 10;

    public override IReadOnlyList<byte[]> Seeds { get; }

    public override string Run(ReadOnlyMemory<byte> input)
    {
        SafeFileHandle file = SharedMemoryFile.Create(s_capacity.Length, "fuzz");

        // The part with the checksum is as it should be: behind it the checks begin.
        RandomAccess.Write(file, _constant, 0);
        RandomAccess.Write(file, input.Span[..Math.Min(input.Length, s_capacity.Length - _constant.Length)], _constant.Length);
        using SafeFileHandle again = DescriptorInfo.Duplicate(file);
        try
        {
            using var ledger = AgentLedger.Open(file);
            Finding.Unless(ledger.Contents.Sessions.All(index => ledger.Session(index).Name.Length > 0), "Every session has a name.");
        }
        catch (Exception exception) when (exception is LiveUpdateException or LiveUpdateImageException)
        {
            return Refused;
        }

        using (var ledger = AgentLedger.Open(DescriptorInfo.Duplicate(again)))
            Finding.Unless(ledger.Contents.DroppedSessions.Count + ledger.Contents.DroppedFiles.Count == 0, "What was dropped is gone.");
        return Read;
    }
}
