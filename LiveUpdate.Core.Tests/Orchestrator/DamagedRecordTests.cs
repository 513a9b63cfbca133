using LiveUpdate.Abi;
using LiveUpdate.Kho;
using LiveUpdate.Tests.Infrastructure;
using LiveUpdate.Tests.Kho;

namespace LiveUpdate.Tests.Orchestrator;

/// <summary>Counts, lengths and addresses of the image at zero, at their maximum and beyond, and records that overlap.</summary>
public class DamagedRecordTests
{
    private const int Pages = (int)(Generation.SmallMemory / LuoAbi.PageSize);

    private delegate void Damage(HandedOverImage image);

    private static IEnumerable<TestCaseData> Fatal()
    {
        yield return Case("FLB page: no page", "FLB page", static image => image.FlbHeader.PageCount = 0);
        yield return Case("FLB page: two pages", "FLB page", static image => image.FlbHeader.PageCount = 2);
        yield return Case("FLB page: one entry too many", "FLB page", static image => image.FlbHeader.Count = 64);
        yield return Case("FLB page: maximal count", "FLB page", static image => image.FlbHeader.Count = ulong.MaxValue);
        yield return Case("FLB page: an FLB that no file holds", "FLB page", static image => image.Flb(0).Count = 0);
        yield return Case("FLB page: outside the memory", "FLB page", static image => image.Root.FlbsAddress = ulong.MaxValue - 4095);
        yield return Case("FLB page: the boot record", "FLB page", static image => image.Root.FlbsAddress = image.Memory.Base.Value);
        yield return Case("FLB page: free memory", "FLB page", static image => image.Root.FlbsAddress = LastPage(image));
        yield return Case("FLB page: not at the start of a block", "FLB page", static image => image.Root.FlbsAddress += 64);
        yield return Case("FLB page: the root record", "FLB page", static image => image.Root.FlbsAddress = image.RootAddress.Value);
        yield return Case("FLB page: a session block", "FLB page", static image => image.Root.FlbsAddress = image.Root.SessionsAddress);
        yield return Case("sessions: outside the memory", "session block", static image => image.Root.SessionsAddress = 4096);
        yield return Case("sessions: free memory", "session block", static image => image.Root.SessionsAddress = LastPage(image));
        yield return Case("sessions: not a page", "session block", static image => image.Root.SessionsAddress += 8);
        yield return Case(
            "sessions: the root record",
            "session block",
            static image => image.Root.SessionsAddress = image.RootAddress.Value);
        yield return Case(
            "sessions: next outside",
            "session block",
            static image => image.Header(image.SessionBlocks[0]).NextAddress = 1UL << 60);
        yield return Case("root: another version", "LUO root", static image => image.Root.Compatible[5] = (byte)'4');
        yield return Case(
            "root: a version without an end",
            "LUO root",
            static image => ((Span<byte>)image.Root.Compatible).Fill((byte)'x'));
    }

    private static IEnumerable<TestCaseData> FailsToOpen()
    {
        yield return Case("files: outside the memory", "file block", static image => image.Session(0).FileSet.FilesAddress = 1UL << 63);
        yield return Case("files: free memory", "file block", static image => image.Session(0).FileSet.FilesAddress = LastPage(image));
        yield return Case("files: not a page", "file block", static image => image.Session(0).FileSet.FilesAddress++);
        yield return Case(
            "files: those of another session",
            "file block",
            static image => image.Session(1).FileSet = image.Session(0).FileSet);
        yield return Case(
            "files: a session block",
            "file block",
            static image => image.Session(0).FileSet.FilesAddress = image.Root.SessionsAddress);
        yield return Case(
            "files: the FLB page",
            "file block",
            static image => image.Session(0).FileSet.FilesAddress = image.Root.FlbsAddress);
        yield return Case(
            "files: the page of a file",
            "file block",
            static image => image.Session(0).FileSet.FilesAddress = image.File(1, 0).Data);
        yield return Case("files: a block of no files", "file block", static image => image.Header(image.FileBlocks(0)[0]).Count = 0);
        yield return Case(
            "files: a maximal block",
            "file block",
            static image => image.Header(image.FileBlocks(0)[0]).Count = ulong.MaxValue);
        yield return Case(
            "session: a name twice",
            "session record",
            static image => ((ReadOnlySpan<byte>)image.Session(0).Name).CopyTo(image.Session(1).Name));
    }

    [TestCaseSource(nameof(Fatal))]
    public void A_damaged_record_is_fatal_at_boot(string structure, Delegate damage)
    {
        using Generation generation = Start();
        HandedOverImage image = generation.Stop();
        ((Damage)damage)(image);
        LiveUpdateImageException? exception = Assert.Throws<LiveUpdateImageException>(() => Boot(image));
        Assert.That(exception!.Structure, Does.StartWith(structure), exception.Message);
        Assert.That(exception.Error, Is.EqualTo(LiveUpdateError.InvalidArgument));
        Assert.That((exception.Expected, exception.Found), Is.Not.EqualTo(((string?)null, (string?)null)));
        Assert.Throws<LiveUpdateImageException>(() => Boot(image), "nothing was gone on with");
    }

    [TestCaseSource(nameof(FailsToOpen))]
    public void A_damaged_record_fails_the_open(string structure, Delegate damage)
    {
        using Generation generation = Start();
        HandedOverImage image = generation.Stop();
        ((Damage)damage)(image);
        Generation next = Boot(image);
        LiveUpdateException refusal = Refused.With(LiveUpdateError.InputOutput, () => next.Luo.OpenDevice());
        var cause = (LiveUpdateImageException)refusal.InnerException!;
        Assert.That(cause.Structure, Does.StartWith(structure), cause.Message);
        Assert.That(next.Held.Handlers, Is.EqualTo("page-v1: 0"));
        Generations.AssertBalanced(next.Engine.Memory);

        // The outgoing side hands over an empty set all the same (O-24).
        Generation after = next.Update();
        Assert.That(after.Device.GetIncomingSessions(), Is.Empty);
    }

    [Test]
    public void An_image_without_an_flb_page_has_no_flbs()
    {
        using Generation generation = Start();
        HandedOverImage image = generation.Stop();
        image.Root.FlbsAddress = 0;
        Generation next = Boot(image);
        Refused.With(LiveUpdateError.NotFound, () => next.Luo.GetIncoming(new PageFlb()));
        using Session session = next.Retrieve("a");
        session.Finish();
    }

    [TestCase(0UL)]
    [TestCase(ulong.MaxValue)]
    public void The_number_of_the_update_may_be_any(ulong number)
    {
        using Generation generation = Start();
        HandedOverImage image = generation.Stop();
        image.Root.LiveUpdateNumber = number;
        Generation next = Boot(image);
        Assert.That(next.Luo.UpdateNumber, Is.EqualTo(number));
        Assert.That(next.Stop().Root.LiveUpdateNumber, Is.EqualTo(unchecked(number + 1)));
    }

    [TestCase(1UL, 0)]
    [TestCase(ulong.MaxValue, 1)]
    public void The_count_of_an_flb_may_be_wrong(ulong count, int unfinishedPages)
    {
        using Generation generation = Start();
        HandedOverImage image = generation.Stop();
        image.Flb(0).Count = count;
        Generation next = Boot(image);
        foreach (string name in next.Device.GetIncomingSessions())
            next.Retrieve(name).Close();
        Assert.That(next.Luo.CleanupErrors, Is.Empty);
        Assert.That(next.Engine.Memory.GetAccount().UnrestoredPages, Is.EqualTo(unfinishedPages));
    }

    [TestCase(4)]
    [TestCase(Pages - 1)]
    [TestCase(Pages + 1)]
    public void Memory_of_another_length_is_refused(int pages)
    {
        using Generation generation = Start();
        KhoMemory whole = generation.Stop().Memory;
        using KhoMemory memory = KhoMemory.Allocate(pages * LuoAbi.PageSize);
        int length = (int)Math.Min(memory.Length, whole.Length);
        whole.GetSpan(whole.Base, length).CopyTo(memory.GetSpan(memory.Base, length));
        Assert.That(() => Generation.Boot(memory, Handler()), Generations.Damage());
    }

    private static Generation Start()
    {
        Generation generation = Generation.Boot(Handler());
        Generation.Preserve(generation.Create("a"), 1, 2);
        Generation.Preserve(generation.Create("b"), 3);
        return generation;
    }

    private static Generation Boot(HandedOverImage image) => image.Boot(Handler());

    private static PageHandler Handler()
    {
        var handler = new PageHandler();
        handler.DependsOn.Add(new PageFlb());
        return handler;
    }

    private static ulong LastPage(HandedOverImage image) => (image.Memory.Base + (image.Memory.Length - LuoAbi.PageSize)).Value;

    private static TestCaseData Case(string name, string structure, Damage damage) =>
        new TestCaseData(structure, damage).SetArgDisplayNames(name);
}
