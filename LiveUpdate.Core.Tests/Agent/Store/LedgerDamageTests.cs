using System.Buffers.Binary;
using System.Runtime.Versioning;
using LiveUpdate.Agent;
using LiveUpdate.Interop;
using LiveUpdate.Kho;
using LiveUpdate.Serialization;
using LiveUpdate.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Tests.Agent.Store;

/// <summary>A ledger that is none, or damaged, is refused with the record and the field, or read as something that can be used.</summary>
[Platform(Include = "Linux", Reason = "Only Linux has memfds.")]
[SupportedOSPlatform("linux")]
[Parallelizable(ParallelScope.All)]
public sealed class LedgerDamageTests
{
    private static readonly ulong[] s_words = [0, 1, 2, 3, 4, 7, 8, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 0x7FFF_FFFF_FFFF_FFFF, ulong.MaxValue];

    private static int Connections => LedgerCapacity.ConnectionsOffset;

    private static int Sessions => LedgerLab.Small.SessionsOffset;

    private static int Files => LedgerLab.Small.FilesOffset;

    private static IEnumerable<TestCaseData> Damages()
    {
        yield return Case("header", 0, 0, 1, "agent's ledger, header, offset 0: expected magic");
        yield return Case("version", 8, 4, 2, "header, offset 8: expected version 1, found 2");
        yield return Case("checksum", 24, 4, 17, "header, offset 12: expected checksum");
        yield return Case("used connections", 48, 4, 9, "header, offset 48: expected at most 8 records that were used, found 9");
        yield return Case("used sessions", 52, 4, 0x8000_0000, "header, offset 52");
        yield return Case("used files", 56, 4, uint.MaxValue, "header, offset 56");
        yield return Case("state of a connection", Connections, 4, 4, "ledger, connection 0, offset 0: expected a state of 0 to 3, found 4");
        yield return Case("phase", Connections + 8, 4, 4, "connection 0, offset 8: expected a phase of 0 to 3, found 4");
        yield return Case("device with a session", Connections + 24, 4, 0, "connection 0, offset 24: expected no session, -1, found 0");
        yield return Case("device with a file", Connections + 28, 4, 0, "connection 0, offset 28: expected no file, -1, found 0");
        yield return Case("session of a connection", Connections + 64 + 24, 4, 2, "connection 1, offset 24: expected a session below 2, found 2");
        yield return Case("no session of a connection", Connections + 64 + 24, 4, uint.MaxValue, "connection 1, offset 24: expected a session below 2, found -1");
        yield return Case("file of a connection", Connections + 64 + 28, 4, 2, "connection 1, offset 28: expected -1, or a file below 2, found 2");
        yield return Case("negative file", Connections + 64 + 28, 4, 0xFFFF_FFFE, "connection 1, offset 28: expected -1, or a file below 2, found -2");
        yield return Case("state of a session", Sessions, 4, 4, "session 0, offset 0: expected a state of 0 to 3, found 4");
        yield return Case("generation to come", Sessions + 8, 8, 1, "session 0, offset 8: expected a generation up to 0, found 1");
        yield return Case("connection of a session", Sessions + 16, 4, 2, "session 0, offset 16: expected -1, or a connection below 2, found 2");
        yield return Case("another's connection", Sessions + 16, 4, 0, "session 0, offset 16: expected -1, or a connection of this session, found 0");
        yield return Case("length of a name", Sessions + 20, 4, 64, "session 0, offset 20: expected a name of 1 to 63 bytes, found 64");
        yield return Case("no name", Sessions + 20, 4, 0, "session 0, offset 20");
        yield return Case("NUL in a name", Sessions + 24, 4, 0, "session 0, offset 24: expected a name without a NUL");
        yield return Case("a name twice", Sessions + 128 + 24, 4, 0x656e6f, "session 1, offset 24: expected a name that no other session of its side has, found one");
        yield return Case("sequence of a session", Sessions + 88, 8, ulong.MaxValue, "session 0, offset 88: expected a sequence up to");
        yield return Case("state of a file", Files, 4, 4, "file 0, offset 0: expected a state of 0 to 3, found 4");
        yield return Case("session of a file", Files + 4, 4, 2, "file 0, offset 4: expected a session below 2, found 2");
        yield return Case("a token twice", Files + 48 + 8, 8, 5, "file 1, offset 8: expected a token that no other file of its session has, found 5");
        yield return Case("sequence of a file", Files + 24, 8, ulong.MaxValue, "file 0, offset 24");

        static TestCaseData Case(string name, int offset, int size, ulong value, string expected) =>
            new TestCaseData(offset, size, value, expected).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(Damages))]
    public void A_bad_field_is_named(int offset, int size, ulong value, string expected)
    {
        byte[] bytes = Create();
        byte[] word = BitConverter.GetBytes(value);
        word.AsSpan(0, size == 0 ? 8 : size).CopyTo(bytes.AsSpan(offset));
        using SafeFileHandle file = LedgerLab.File(bytes);
        LiveUpdateImageException? exception = Assert.Throws<LiveUpdateImageException>(() => AgentLedger.Open(DescriptorInfo.Duplicate(file)));
        Assert.That(exception!.Message, Does.Contain(expected));
        byte[] left = new byte[bytes.Length];
        RandomAccess.Read(file, left, 0);
        Assert.That(left, Is.EqualTo(bytes), "Nothing was changed.");
    }

    [TestCase(-5)]
    [TestCase(4096)]
    public void An_errno_that_is_none_is_named(int errno)
    {
        byte[] bytes = Create();
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(Connections + 64 + 8), (int)LedgerPhase.Answered);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(Connections + 64 + 20), errno);
        Assert.That(
            Assert.Throws<LiveUpdateImageException>(() => LedgerLab.Reopen(bytes))!.Message,
            Does.Contain($"connection 1, offset 20: expected an errno of 0 to 4095, found {errno}"));
    }

    [Test]
    public void Tables_that_do_not_fill_the_file_are_refused()
    {
        byte[] bytes = Create();
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(24), 4000);
        Rechecksum(bytes);
        Assert.That(
            Assert.Throws<LiveUpdateImageException>(() => LedgerLab.Reopen(bytes))!.Message,
            Does.Contain($"header, offset 16: expected tables that fill {bytes.Length} bytes, found 8, 8 and 4000 records"));
    }

    [Test]
    public void What_is_no_memfd_or_not_sealed_is_refused_and_closed()
    {
        SafeFileHandle events = Libc.Eventfd(0, Libc.EFD_CLOEXEC);
        Refused.With(LiveUpdateError.InvalidArgument, () => AgentLedger.Open(events));
        SafeFileHandle unsealed = new TestMemfd().Handle;
        RandomAccess.SetLength(unsealed, LedgerLab.Small.Length);
        Refused.With(LiveUpdateError.InvalidArgument, () => AgentLedger.Open(unsealed));
        Assert.That((events.IsClosed, unsealed.IsClosed), Is.EqualTo((true, true)));
    }

    [Test]
    public void An_empty_memfd_is_no_ledger()
    {
        SafeFileHandle empty = SharedMemoryFile.Create(LedgerLab.Small.Length, "empty");
        Assert.Throws<LiveUpdateImageException>(() => AgentLedger.Open(empty));
        Assert.That(empty.IsClosed);
    }

    [Test]
    public void Whatever_lies_in_it_it_is_refused_or_can_be_used()
    {
        int seed = Random.Shared.Next();
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        byte[] right = Create();
        int[] stretches = [0, 0, Connections, Sessions, Files];
        int opened = 0;
        for (int round = 0; round < 1_000; round++)
        {
            byte[] bytes = [.. right];
            for (int change = random.Next(1, 6); change > 0; change--)
            {
                int offset = stretches[random.Next(stretches.Length)] + (random.Next(0, 256) & ~3);
                if (random.Next(2) == 0)
                    BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(offset), (uint)s_words[random.Next(s_words.Length)]);
                else
                    bytes[offset] ^= (byte)(1 << random.Next(8));
            }

            if (random.Next(4) != 0)
                Rechecksum(bytes);
            opened += TryUse(bytes) ? 1 : 0;
        }

        Assert.That(opened, Is.InRange(1, 999), "Both happen.");
    }

    private static bool TryUse(byte[] bytes)
    {
        AgentLedger ledger;
        try
        {
            ledger = LedgerLab.Reopen(bytes);
        }
        catch (LiveUpdateImageException)
        {
            return false;
        }

        using (ledger)
        {
            string described = LedgerLab.Describe(ledger);
            using (AgentLedger again = LedgerLab.Reopen(LedgerLab.Bytes(ledger)))
                Assert.That(LedgerLab.Describe(again), Is.EqualTo(described), "What was settled is settled.");
            int connections = ledger.Capacity.Connections - ledger.ConnectionCount;
            for (int i = 0; i < connections; i++)
                ledger.AddConnection(LedgerConnectionState.Device, 0, 0);
            Refused.With(LiveUpdateError.NoSpace, () => ledger.AddConnection(LedgerConnectionState.Device, 0, 0));
        }

        return true;
    }

    private static byte[] Create()
    {
        using AgentLedger ledger = AgentLedger.Create(LedgerLab.Small);
        ledger.AddConnection(LedgerConnectionState.Device, 1, 2);
        int session = ledger.AddSession(1, "one"u8, 0);
        ledger.Attach(session, ledger.AddSessionConnection(session, 1, 2));
        ledger.CommitSession(session);
        ledger.CommitSession(ledger.AddSession(1, "two"u8, 0));
        ledger.CommitFile(ledger.AddFile(session, 5, 11));
        ledger.CommitFile(ledger.AddFile(session, 6, 12));
        return LedgerLab.Bytes(ledger);
    }

    private static void Rechecksum(byte[] bytes)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(12), 0);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(12), Crc32C.Of(bytes.AsSpan(0, LedgerHeader.ConstantSize)));
    }
}
