using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Tests.Handlers;
using LiveUpdate.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Tests.Files;

/// <summary>What handlers should not give back: the same object twice, one that is another's, none, a closed one.</summary>
public class RetrievedObjectTests
{
    private readonly TestFile _shared = new(1);
    private Generation _first = null!;

    [SetUp]
    public void SetUp()
    {
        _first = Generation.Boot(new GivingHandler(_ => _shared));
        Session session = _first.Create("s");
        session.Preserve(1, new TestFile(1));
        session.Preserve(2, new TestFile(2));
    }

    [TearDown]
    public void TearDown() => _first.Dispose();

    [Test]
    public void An_object_that_is_given_back_twice_is_busy_until_it_is_finished()
    {
        Generation next = _first.Update();
        using Session session = next.Retrieve("s");
        Assert.That(session.Retrieve(1), Is.SameAs(_shared));
        Assert.That(session.Retrieve(2), Is.SameAs(_shared));
        using Session outgoing = next.Create("n");
        Refused.With(LiveUpdateError.Busy, () => outgoing.Preserve(1, _shared));
        session.Finish();
        Assert.That(next.Held.Ids, Is.Zero);
        outgoing.Preserve(1, _shared);
    }

    [Test]
    public void An_object_that_is_preserved_already_stays_busy_after_the_finish()
    {
        Generation next = _first.Update();
        using Session outgoing = next.Create("n");
        outgoing.Preserve(1, _shared);
        using Session session = next.Retrieve("s");
        session.Retrieve(1);
        session.Finish();
        Refused.With(LiveUpdateError.Busy, () => outgoing.Preserve(2, _shared));
        outgoing.Close();
        Assert.That(next.Held.Ids, Is.Zero);
    }

    [Test]
    public void Giving_back_nothing_is_a_failure_for_good()
    {
        Generation next = _first.Update(new GivingHandler(_ => null!));
        using Session session = next.Retrieve("s");
        LiveUpdateException refusal = Refused.With(LiveUpdateError.InputOutput, () => session.Retrieve(1));
        Assert.That(refusal.InnerException, Is.TypeOf<InvalidOperationException>());
        Refused.With(LiveUpdateError.InputOutput, () => session.Retrieve(1));
        session.Finish();
        Assert.That(next.Held.Ids, Is.Zero);
    }

    // Two descriptions of one file have device and inode in common, and are told apart by asking the kernel about open descriptors.
    [Test]
    [Platform("Linux", Reason = "Descriptors are compared by kcmp.")]
    [SupportedOSPlatform("linux")]
    public void A_handle_that_a_callback_disposes_stays_open_until_its_session_is_finished()
    {
        using SafeFileHandle first = Memfd.Create("given");
        using SafeFileHandle second = File.OpenHandle($"/proc/self/fd/{first.DangerousGetHandle()}", access: FileAccess.ReadWrite);
        using Generation generation = Generation.Boot(new ClosingHandler());
        Session session = generation.Create("s");
        session.Preserve(1, first);
        session.Preserve(2, second);
        Generation next = generation.Update();
        using Session incoming = next.Retrieve("s");
        using (SafeFileHandle a = incoming.Retrieve<SafeFileHandle>(1), b = incoming.Retrieve<SafeFileHandle>(2))
            Assert.That(next.Held.Ids, Is.EqualTo(2));
        incoming.Finish();
        Assert.That(next.Luo.CleanupErrors, Is.Empty);
        Assert.That(next.Held.Ids, Is.Zero);
        generation.Luo.Dispose();
        first.Dispose();
        second.Dispose();
        Assert.That(Memfd.OpenDescriptors("memfd:given"), Is.Zero);
    }

    [Test]
    [Platform("Linux", Reason = "Descriptors are compared by kcmp.")]
    [SupportedOSPlatform("linux")]
    public void A_closed_handle_is_a_failure_for_good()
    {
        using SafeFileHandle file = Memfd.Create("given");
        using Generation generation = Generation.Boot(new ClosingHandler { ClosesAtRetrieve = true });
        generation.Create("s").Preserve(1, file);
        Generation next = generation.Update();
        using Session incoming = next.Retrieve("s");
        LiveUpdateException refusal = Refused.With(LiveUpdateError.InputOutput, () => incoming.Retrieve(1));
        Assert.That(refusal.InnerException, Is.TypeOf<ObjectDisposedException>());
        incoming.Finish();
        Assert.That(next.Held.Ids, Is.Zero);
    }

    private sealed class GivingHandler(Func<ulong, TestFile> retrieve) : FileHandler<TestFile>("giving-v1")
    {
        protected override void Preserve(ref PreserveContext<TestFile> context) =>
            context.Data = new DataHandle((ulong)context.File.Number);

        protected override void Unpreserve(in FileContext<TestFile> context)
        {
        }

        protected override TestFile Retrieve(ref RetrieveContext context) => retrieve(context.Data.Value);

        protected override void Finish(in FinishContext<TestFile> context)
        {
        }
    }

    /// <summary>Carries descriptors, and disposes what is not its own.</summary>
    private sealed class ClosingHandler() : FileHandler<SafeHandle>("closing-v1")
    {
        public bool ClosesAtRetrieve { get; init; }

        protected override void Preserve(ref PreserveContext<SafeHandle> context) =>
            context.Data = new DataHandle((ulong)context.Descriptors.Add(context.File));

        protected override void Unpreserve(in FileContext<SafeHandle> context) => context.Descriptors.Remove((int)context.Data.Value);

        protected override SafeHandle Retrieve(ref RetrieveContext context)
        {
            SafeFileHandle file = context.Descriptors.Take((int)context.Data.Value);
            if (ClosesAtRetrieve)
                file.Dispose();
            return file;
        }

        protected override void Finish(in FinishContext<SafeHandle> context) => context.File?.Dispose();
    }
}
