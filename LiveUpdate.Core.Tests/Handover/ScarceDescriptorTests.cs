using System.Runtime.Versioning;
using LiveUpdate.Interop;
using LiveUpdate.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Tests.Handover;

/// <summary>
/// The limit of open files, RLIMIT_NOFILE, is reached in either process: an error with its name, and nothing is left over.
/// </summary>
[Platform(Include = "Linux", Reason = "Only Linux passes descriptors and pidfds.")]
[SupportedOSPlatform("linux")]
[NonParallelizable]
public sealed class ScarceDescriptorTests : WarmSuccessorFixture
{
    private const int Files = 300;

    // One of them each for the handle of the predecessor and for the memory.
    [TestCase(1)]
    [TestCase(2)]
    [TestCase(100)]
    [TestCase(2 + 253)]
    [TestCase(2 + Files)]
    public void A_successor_with_too_few_is_refused_and_the_next_one_takes_over(int free)
    {
        List<SafeFileHandle> files = [.. Enumerable.Range(0, Files).Select(static number => Libc.Eventfd((uint)number, Libc.EFD_CLOEXEC))];
        Session many = CreateSession("many");
        for (int i = 0; i < Files; i++)
            many.Preserve(Token.From(i), files[i]);
        LiveUpdateException refusal = Refused.With(
            LiveUpdateError.TooManyFiles, () => Luo.HandOver(HandoverTarget.Successor(Peer($"limit:{free}"))));
        Assert.That(refusal.Message, Does.Contain("RLIMIT_NOFILE"));
        many.Dispose();
        files.ForEach(static file => file.Dispose());
        Assert.That(Log.Take(), Is.Empty);
        AssertTookOver();
    }

    // Those two, the one that is preserved, and what the runtime takes to start a thread.
    [Test]
    public void A_successor_with_just_enough_takes_over() => AssertTookOver(HandoverTarget.Successor(Peer("limit:8")));

    [Test]
    public void A_successor_with_none_cannot_even_hold_its_predecessor_and_never_boots_afresh()
    {
        Refused.With(LiveUpdateError.BrokenPipe, () => Luo.HandOver(HandoverTarget.Successor(Peer("limit:0"))));
        Assert.That(ReadReport(), Is.EqualTo("").Or.EqualTo("LiveUpdateException TooManyFiles, no second boot"));
    }

    [Test]
    public void An_old_process_with_too_few_is_refused_and_goes_on()
    {
        string folder = Directory.CreateTempSubdirectory("scarce-").FullName;
        try
        {
            (int exitCode, string[] lines, _) = HostFamily.Run("scarce", Path.Combine(folder, "socket"));
            Assert.That(lines, Is.EqualTo((string[])
            [
                "adopt with 0 free: TooManyFiles",
                "adopt with 1 free: TooManyFiles",
                "adopt with 2 free: TooManyFiles",
                "adopt with 3 free: TooManyFiles",
                "handed over 4 files, 3 descriptors",
                "new owner True",
                "old owner True, files 4",
                "start with -1 free: BrokenPipe",
                "start with 0 free: TooManyFiles",
                "start with 1 free: TooManyFiles",
                "start with 2 free: TooManyFiles",
                "start with 3 free: TooManyFiles",
                "start with 4 free: BrokenPipe",
            ]));
            Assert.That(exitCode, Is.Zero);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
