using System.Globalization;
using System.Runtime.Versioning;
using System.Text;
using LiveUpdate.Agent;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Tests.Agent.Store;

/// <summary>Ledgers as a process that died leaves them: copies of the memfd, and what is read from one.</summary>
[SupportedOSPlatform("linux")]
internal static class LedgerLab
{
    public static readonly LedgerCapacity Small = new(8, 8, 16);

    private static CultureInfo Invariant => CultureInfo.InvariantCulture;

    /// <summary>The bytes of a ledger, as they are now.</summary>
    public static byte[] Bytes(AgentLedger ledger)
    {
        byte[] bytes = new byte[ledger.Capacity.Length];
        RandomAccess.Read(ledger.File, bytes, 0);
        return bytes;
    }

    /// <summary>A memfd as a ledger has it, with these bytes.</summary>
    public static SafeFileHandle File(ReadOnlySpan<byte> bytes)
    {
        using AgentLedger empty = AgentLedger.Create(Small);
        SafeFileHandle file = bytes.Length == Small.Length ? DescriptorInfo.Duplicate(empty.File) : TestFileOf(bytes.Length);
        RandomAccess.Write(file, bytes, 0);
        return file;
    }

    /// <summary>A copy as the next process opens it.</summary>
    public static AgentLedger Reopen(ReadOnlySpan<byte> bytes) => AgentLedger.Open(File(bytes));

    /// <summary>What is there: sessions with their files, in order, and connections.</summary>
    public static string Describe(AgentLedger ledger)
    {
        var text = new StringBuilder();
        foreach (int index in ledger.Contents.Sessions)
        {
            LedgerSession session = ledger.Session(index);
            string side = ledger.IsIncoming(index) ? "in" : "out";
            text.Append(Invariant, $"{Encoding.UTF8.GetString(session.Name)} of {session.User} {session.State} {side}");
            text.Append(session.Connection < 0 ? " parked:" : ":");
            foreach (int file in ledger.Contents.Files)
            {
                if (ledger.PreservedFile(file).Session == index)
                    text.Append(Invariant, $" {ledger.PreservedFile(file).Token}+{ledger.PreservedFile(file).ByteCount}");
            }

            text.Append("; ");
        }

        foreach (int index in ledger.Contents.Connections)
        {
            LedgerConnection connection = ledger.Connection(index);
            text.Append(Invariant, $"c{index} {connection.State} of {connection.User}/{connection.Process} session {connection.Session} ");
            text.Append(Invariant, $"{connection.Phase} {connection.Count} {(connection.Phase == LedgerPhase.Answered ? connection.Errno : 0)}; ");
        }

        return text.ToString();
    }

    private static SafeFileHandle TestFileOf(int length) => LiveUpdate.Kho.SharedMemoryFile.Create(length, "ledger");
}
