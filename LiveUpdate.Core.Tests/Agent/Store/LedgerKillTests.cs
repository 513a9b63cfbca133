using System.Runtime.Versioning;
using LiveUpdate.Abi;
using LiveUpdate.Agent;

namespace LiveUpdate.Tests.Agent.Store;

/// <summary>
/// A process that dies between any two stores: the ledger is copied after each single one, and the copy is opened as the next process would.
/// </summary>
[Platform(Include = "Linux", Reason = "Only Linux has memfds.")]
[SupportedOSPlatform("linux")]
[Parallelizable(ParallelScope.All)]
public sealed class LedgerKillTests
{
    private const int Device = 0;
    private const int SessionConnection = 1;
    private const int Session = 0;
    private const int Parked = 1;
    private const int First = 0;
    private const int Second = 1;

    private static readonly Dictionary<string, Action<AgentLedger>> s_operations = new()
    {
        ["connect"] = static ledger => ledger.AddConnection(LedgerConnectionState.Update, 7, 8),
        ["disconnect"] = static ledger => ledger.RemoveConnection(Device),
        ["create session"] = static ledger =>
        {
            int session = ledger.AddSession(5, "new"u8, ledger.Generation);
            ledger.Attach(session, ledger.AddSessionConnection(session, 5, 6));
            ledger.CommitSession(session);
        },
        ["retrieve session"] = static ledger => ledger.Attach(Parked, ledger.AddSessionConnection(Parked, 5, 6)),
        ["close session"] = static ledger =>
        {
            ledger.RemoveSession(Session, [Second, First]);
            ledger.RemoveConnection(SessionConnection);
        },
        ["park session"] = static ledger =>
        {
            ledger.Park(Session);
            ledger.RemoveConnection(SessionConnection);
        },
        ["finish"] = static ledger => ledger.FinishSession(Session, [First, Second]),
        ["preserve without a request"] = static ledger => ledger.CommitFile(ledger.AddFile(Session, 9, 10)),
        ["unpreserve"] = static ledger => ledger.RemoveFile(First),
        ["update"] = static ledger => ledger.Generation++,
    };

    private static IEnumerable<string> Operations => s_operations.Keys;

    [TestCaseSource(nameof(Operations))]
    public void An_operation_was_carried_out_or_was_not(string operation)
    {
        using AgentLedger ledger = CreateWithContent();
        string before = DescribeCopy(ledger);
        var seen = new List<string>();
        ledger.Stored = () => seen.Add(DescribeCopy(ledger));
        s_operations[operation](ledger);
        ledger.Stored = null;
        string after = DescribeCopy(ledger);
        Assert.That(after, Is.Not.EqualTo(before));

        // A connection is no part of what a session is: it may be gone a moment later.
        Assert.That(seen, Has.All.EqualTo(before).Or.EqualTo(after));
        Assert.That(seen, Has.Some.EqualTo(after));
        int turn = seen.IndexOf(after);
        Assert.That(seen.Skip(turn), Has.All.EqualTo(after), "It does not go back.");
    }

    [TestCase(LiveUpdateError.None)]
    [TestCase(LiveUpdateError.Busy)]
    public void A_file_is_there_if_and_only_if_the_request_that_preserves_it_is_answered_with_success(LiveUpdateError error)
    {
        using AgentLedger ledger = CreateWithContent();
        int copies = 0;
        ledger.Stored = () =>
        {
            copies++;
            using AgentLedger next = LedgerLab.Reopen(LedgerLab.Bytes(ledger));
            LedgerConnection connection = next.Connection(SessionConnection);
            bool isThere = next.Contents.Files.Any(file => next.PreservedFile(file).Token == 77);
            bool isAnswered = connection.Phase == LedgerPhase.Answered && connection.Errno == 0;
            bool isDone = connection is { Phase: LedgerPhase.Idle, Count: 1 } && error == LiveUpdateError.None;
            Assert.That(isThere, Is.EqualTo(isAnswered || isDone), $"after store {copies}: {LedgerLab.Describe(next)}");
            Assert.That(connection.Count, Is.EqualTo(connection.Phase is LedgerPhase.Taking || copies <= 2 ? 0u : 1u));

            // Nothing that was taken for it stays behind.
            Assert.That(next.FileCount, Is.EqualTo(isThere ? 3 : 2));
        };
        ledger.BeginTaking(SessionConnection, LiveUpdateIoctl.PreserveFd);
        ledger.BeginExecuting(SessionConnection);
        int file = ledger.AddFile(Session, 77, 1);
        ledger.Make(SessionConnection, file);
        ledger.Answer(SessionConnection, error);
        if (error != LiveUpdateError.None)
            ledger.RemoveFile(file);
        ledger.Rest(SessionConnection);
        Assert.That(copies, Is.GreaterThan(10));
    }

    [Test]
    public void What_is_opened_and_dies_at_once_is_opened_the_same_again()
    {
        using AgentLedger ledger = CreateWithContent();
        int session = ledger.AddSession(1, "tentative"u8, 0);
        ledger.AddSessionConnection(session, 1, 1);
        ledger.AddFile(session, 1, 1);
        ledger.BeginTaking(SessionConnection, LiveUpdateIoctl.PreserveFd);
        ledger.BeginExecuting(SessionConnection);
        ledger.Make(SessionConnection, ledger.AddFile(Session, 77, 1));
        int stores = 0;
        byte[] unpromoted = [];
        ledger.Stored = () => unpromoted = ++stores == 2 ? LedgerLab.Bytes(ledger) : unpromoted;
        ledger.Answer(SessionConnection, LiveUpdateError.None);
        using AgentLedger next = LedgerLab.Reopen(unpromoted);
        using AgentLedger another = LedgerLab.Reopen(LedgerLab.Bytes(next));
        Assert.That(LedgerLab.Describe(another), Is.EqualTo(LedgerLab.Describe(next)));
        Assert.That(LedgerLab.Describe(next), Does.Contain("77+1").And.Contain("Answered 1 0"));
        Assert.That(next.Contents.DroppedConnections.Concat(next.Contents.DroppedSessions).Concat(next.Contents.DroppedFiles).Count(), Is.EqualTo(3));
        Assert.That(another.Contents.DroppedFiles, Is.Empty);
    }

    [TestCase(true)]
    [TestCase(false)]
    public void A_request_that_was_being_taken_counts_unless_it_lies_in_the_socket(bool isInSocket)
    {
        using AgentLedger ledger = CreateWithContent();
        ledger.BeginTaking(SessionConnection, 1);
        using AgentLedger next = LedgerLab.Reopen(LedgerLab.Bytes(ledger));
        next.Interrupt(SessionConnection, isInSocket);
        LedgerConnection connection = next.Connection(SessionConnection);
        Assert.That((connection.Phase, connection.Count), Is.EqualTo(isInSocket ? (LedgerPhase.Idle, 0u) : (LedgerPhase.Answered, 1u)));
        if (!isInSocket)
            Assert.That(connection.Errno, Is.EqualTo((int)LiveUpdateError.Interrupted));
    }

    [Test]
    public void A_request_that_was_being_carried_out_was_not()
    {
        using AgentLedger ledger = CreateWithContent();
        ledger.BeginTaking(SessionConnection, LiveUpdateIoctl.PreserveFd);
        ledger.BeginExecuting(SessionConnection);
        int file = ledger.AddFile(Session, 77, 1);
        ledger.Make(SessionConnection, file);
        using AgentLedger next = LedgerLab.Reopen(LedgerLab.Bytes(ledger));
        Assert.That(next.Contents.DroppedFiles, Is.EqualTo(new[] { file }));
        Assert.That(next.Connection(SessionConnection).File, Is.EqualTo(-1), "Its index is another's next.");
        next.Interrupt(SessionConnection, isInSocket: true);
        LedgerConnection connection = next.Connection(SessionConnection);
        Assert.That((connection.Phase, connection.Count, connection.Errno), Is.EqualTo((LedgerPhase.Answered, 1u, (int)LiveUpdateError.Interrupted)));
    }

    private static AgentLedger CreateWithContent()
    {
        AgentLedger ledger = AgentLedger.Create(LedgerLab.Small);
        ledger.AddConnection(LedgerConnectionState.Device, 1, 2);
        int session = ledger.AddSession(1, "old"u8, 0);
        ledger.Attach(session, ledger.AddSessionConnection(session, 1, 2));
        ledger.CommitSession(session);
        ledger.CommitSession(ledger.AddSession(1, "parked"u8, 0));
        ledger.CommitFile(ledger.AddFile(session, 1, 11));
        ledger.CommitFile(ledger.AddFile(session, 2, 12));
        return ledger;
    }

    // Without the connection of a session that is gone or parked, which nobody asks for.
    private static string DescribeCopy(AgentLedger ledger)
    {
        using AgentLedger next = LedgerLab.Reopen(LedgerLab.Bytes(ledger));
        return LedgerLab.Describe(next);
    }
}
