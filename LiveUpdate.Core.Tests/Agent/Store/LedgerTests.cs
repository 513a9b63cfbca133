using System.Runtime.Versioning;
using LiveUpdate.Abi;
using LiveUpdate.Agent;
using LiveUpdate.Interop;
using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Agent.Store;

/// <summary>The ledger in one process: what goes in comes back, indices are used again, and full is full.</summary>
[Platform(Include = "Linux", Reason = "Only Linux has memfds.")]
[SupportedOSPlatform("linux")]
[Parallelizable(ParallelScope.All)]
public sealed class LedgerTests
{
    [Test]
    public void What_was_entered_is_there_in_the_next_process_in_the_order_in_which_it_came()
    {
        using AgentLedger ledger = AgentLedger.Create(LedgerLab.Small);
        ledger.AddConnection(LedgerConnectionState.Device, 1000, 11);
        ledger.AddConnection(LedgerConnectionState.Update, 0, 12);
        int dropped = ledger.AddSession(1, "dropped"u8, 0);
        int session = ledger.AddSession(1000, "vm"u8, 0);
        int connection = ledger.AddSessionConnection(session, 1000, 11);
        ledger.Attach(session, connection);
        ledger.CommitSession(session);
        int second = ledger.AddFile(session, 2, 4096);
        ledger.CommitFile(second);
        int third = ledger.AddFile(session, 3, 8192);
        ledger.CommitFile(third);
        ledger.RemoveFile(second);
        ledger.CommitFile(ledger.AddFile(session, 1, 0));
        ledger.Update = 5;
        using AgentLedger next = LedgerLab.Reopen(LedgerLab.Bytes(ledger));
        Assert.That(
            LedgerLab.Describe(next),
            Is.EqualTo("vm of 1000 Live out: 3+8192 1+0; c0 Device of 1000/11 session -1 Idle 0 0; c1 Update of 0/12 session -1 Idle 0 0; " +
                "c2 Session of 1000/11 session 1 Idle 0 0; "));
        Assert.That(next.Contents.DroppedSessions, Is.EqualTo(new[] { dropped }));
        Assert.That((next.Update, next.Generation), Is.EqualTo((5ul, 0ul)));
        Assert.That((next.ConnectionCount, next.SessionCount, next.FileCount), Is.EqualTo((3, 1, 2)));
    }

    [Test]
    public void A_name_of_63_bytes_of_any_value_comes_back()
    {
        byte[] name = [.. Enumerable.Range(0, 63).Select(static i => (byte)(255 - i))];
        using AgentLedger ledger = AgentLedger.Create(LedgerLab.Small);
        int session = ledger.AddSession(0, name, 0);
        ledger.CommitSession(session);
        using AgentLedger next = LedgerLab.Reopen(LedgerLab.Bytes(ledger));
        Assert.That(next.Session(session).Name.ToArray(), Is.EqualTo(name));
    }

    [Test]
    public void A_shorter_name_in_the_place_of_a_longer_one_has_nothing_of_it()
    {
        using AgentLedger ledger = AgentLedger.Create(LedgerLab.Small);
        int first = ledger.AddSession(0, "a long name"u8, 0);
        ledger.RemoveSession(first, []);
        int second = ledger.AddSession(0, "short"u8, 0);
        Assert.That(second, Is.EqualTo(first));
        ReadOnlySpan<byte> room = ledger.Session(second).NameBytes;
        Assert.That(room[5..].ContainsAnyExcept((byte)0), Is.False);
    }

    [Test]
    public void One_store_makes_every_session_an_incoming_one()
    {
        using AgentLedger ledger = AgentLedger.Create(LedgerLab.Small);
        int old = ledger.AddSession(0, "same"u8, 0);
        ledger.CommitSession(old);
        int stores = 0;
        ledger.Stored = () => stores++;
        ledger.Generation++;
        ledger.Stored = null;
        Assert.That(stores, Is.EqualTo(1));
        int made = ledger.AddSession(0, "same"u8, ledger.Generation);
        ledger.CommitSession(made);
        using AgentLedger next = LedgerLab.Reopen(LedgerLab.Bytes(ledger));
        Assert.That((next.IsIncoming(old), next.IsIncoming(made)), Is.EqualTo((true, false)), "A name is one of its side.");
    }

    [Test]
    public void Indices_are_used_again_the_last_one_first_also_in_the_next_process()
    {
        using AgentLedger ledger = AgentLedger.Create(LedgerLab.Small);
        for (int i = 0; i < 5; i++)
            Assert.That(ledger.AddConnection(LedgerConnectionState.Device, 0, 0), Is.EqualTo(i));
        ledger.RemoveConnection(1);
        ledger.RemoveConnection(3);
        Assert.That(ledger.AddConnection(LedgerConnectionState.Device, 0, 0), Is.EqualTo(3));
        ledger.RemoveConnection(3);
        using AgentLedger next = LedgerLab.Reopen(LedgerLab.Bytes(ledger));
        int[] indices = [.. Enumerable.Range(0, 3).Select(_ => next.AddConnection(LedgerConnectionState.Device, 0, 0))];
        Assert.That(indices, Is.EqualTo(new[] { 1, 3, 5 }));
    }

    [Test]
    public void A_full_table_refuses_and_takes_again_when_there_is_room()
    {
        using AgentLedger ledger = AgentLedger.Create(LedgerLab.Small);
        for (int i = 0; i < LedgerLab.Small.Connections; i++)
            ledger.AddConnection(LedgerConnectionState.Device, 0, 0);
        for (int i = 0; i < LedgerLab.Small.Sessions; i++)
            ledger.AddSession(0, "s"u8, 0);
        for (int i = 0; i < LedgerLab.Small.Files; i++)
            ledger.AddFile(0, 0, 0);
        LiveUpdateException refusal = Refused.With(LiveUpdateError.NoSpace, () => ledger.AddConnection(LedgerConnectionState.Device, 0, 0));
        Assert.That(refusal.Message, Does.StartWith("The agent has room for 8 connections"));
        Refused.With(LiveUpdateError.NoSpace, () => ledger.AddSession(0, "s"u8, 0));
        Refused.With(LiveUpdateError.NoSpace, () => ledger.AddFile(0, 0, 0));
        ledger.RemoveConnection(4);
        ledger.RemoveSession(2, [7]);
        Assert.That(ledger.AddConnection(LedgerConnectionState.Device, 0, 0), Is.EqualTo(4));
        Assert.That(ledger.AddSession(0, "s"u8, 0), Is.EqualTo(2));
        Assert.That(ledger.AddFile(0, 0, 0), Is.EqualTo(7));
    }

    [Test]
    public void A_request_allocates_nothing()
    {
        using AgentLedger ledger = AgentLedger.Create(LedgerLab.Small);
        int session = ledger.AddSession(0, "vm"u8, 0);
        int connection = ledger.AddSessionConnection(session, 0, 0);
        Request();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            Request();
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);

        void Request()
        {
            ledger.BeginTaking(connection, LiveUpdateIoctl.PreserveFd);
            ledger.BeginExecuting(connection);
            int file = ledger.AddFile(session, 1, 1);
            ledger.Make(connection, file);
            ledger.Answer(connection, LiveUpdateError.None);
            ledger.Rest(connection);
            ledger.RemoveFile(file);
        }
    }

    [Test]
    public void Requests_are_counted_modulo_two_to_the_thirty_second()
    {
        Assert.That(LedgerConnection.Combine(LedgerPhase.Executing, uint.MaxValue), Is.EqualTo(0xFFFF_FFFF_0000_0002));
        using AgentLedger ledger = AgentLedger.Create(LedgerLab.Small);
        int connection = ledger.AddConnection(LedgerConnectionState.Device, 0, 0);
        byte[] bytes = LedgerLab.Bytes(ledger);
        BitConverter.TryWriteBytes(bytes.AsSpan(LedgerCapacity.ConnectionsOffset + 12), uint.MaxValue);
        using AgentLedger next = LedgerLab.Reopen(bytes);
        next.BeginTaking(connection, 1);
        Assert.That(next.Connection(connection).Count, Is.EqualTo(uint.MaxValue));
        next.BeginExecuting(connection);
        Assert.That((next.Connection(connection).Count, next.Connection(connection).Phase), Is.EqualTo((0u, LedgerPhase.Executing)));
    }

    [Test]
    public void Threads_never_get_the_same_record()
    {
        using AgentLedger ledger = AgentLedger.Create(new LedgerCapacity(64, 64, 64));
        var owned = new int[64];
        Parallel.For(0, 8, new ParallelOptions { MaxDegreeOfParallelism = 8 }, _ =>
        {
            for (int i = 0; i < 2_000; i++)
            {
                int one = ledger.AddConnection(LedgerConnectionState.Device, 0, 0);
                int two = ledger.AddConnection(LedgerConnectionState.Device, 0, 0);
                Assert.That(Interlocked.Increment(ref owned[one]), Is.EqualTo(1));
                Assert.That(Interlocked.Increment(ref owned[two]), Is.EqualTo(1));
                Interlocked.Decrement(ref owned[one]);
                ledger.RemoveConnection(one);
                Interlocked.Decrement(ref owned[two]);
                ledger.RemoveConnection(two);
            }
        });
        Assert.That(ledger.ConnectionCount, Is.Zero);
    }

    [Test]
    public void Misuse_is_refused()
    {
        using AgentLedger ledger = AgentLedger.Create(LedgerLab.Small);
        Assert.Throws<ArgumentException>(() => ledger.AddSession(0, [], 0));
        Assert.Throws<ArgumentException>(() => ledger.AddSession(0, new byte[64], 0));
        Assert.Throws<ArgumentException>(() => ledger.AddSession(0, "a\0b"u8, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => ledger.AddSession(0, "later"u8, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => ledger.AddFile(8, 0, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => ledger.Connection(8));
        Assert.Throws<ArgumentOutOfRangeException>(() => ledger.Connection(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => AgentLedger.Create(new LedgerCapacity(0, 1, 1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => AgentLedger.Create(new LedgerCapacity(1, LedgerCapacity.Most + 1, 1)));
        Assert.That(ledger.SessionCount, Is.Zero, "What was refused takes no record.");
    }

    [Test]
    public void The_usual_size_takes_memory_only_for_what_is_used()
    {
        using AgentLedger ledger = AgentLedger.Create(LedgerCapacity.Default);
        ledger.AddConnection(LedgerConnectionState.Device, 0, 0);
        ledger.CommitFile(ledger.AddFile(ledger.AddSession(0, "vm"u8, 0), 0, 0));
        using (AgentLedger next = AgentLedger.Open(DescriptorInfo.Duplicate(ledger.File)))
        {
            Assert.That(next.Capacity, Is.EqualTo(LedgerCapacity.Default));
            Assert.That(next.Contents.Connections, Has.Count.EqualTo(1));
        }

        Assert.That(DescriptorInfo.Status(ledger.File).Blocks * 512, Is.EqualTo(4 * LuoAbi.PageSize), "The header and a page of each table.");
    }
}
