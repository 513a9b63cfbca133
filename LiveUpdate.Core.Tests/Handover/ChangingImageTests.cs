using System.Runtime.Versioning;
using LiveUpdate.Abi;
using LiveUpdate.Interop;
using LiveUpdate.Kho;
using LiveUpdate.TestHost.Successor;
using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Handover;

/// <summary>
/// Memory that changes while the next generation boots and verifies, since another process still has it mapped: every value is read once
/// and checked as the copy, so the boot succeeds or ends with a documented exception.
/// </summary>
[Platform(Include = "Linux", Reason = "A memory file is shared between processes on Linux only.")]
[SupportedOSPlatform("linux")]
public sealed class ChangingImageTests
{
    private const int Rounds = 1_500;
    private const int ProcessRounds = 8;

    [Test]
    public void A_boot_from_memory_that_changes_succeeds_or_is_refused()
    {
        int seed = Random.Shared.Next(1 << 24);
        byte[] image = MakeImage();
        Dictionary<string, int> outcomes = [];
        long flips = 0;
        using KhoMemory theirs = KhoMemory.CreateShared(image.Length);
        for (int round = 0; round < Rounds; round++)
        {
            image.CopyTo(theirs.GetSpan(theirs.Base, image.Length));
            string outcome = Boot(theirs, seed + round, ref flips);
            outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + 1;
            Assert.That(theirs.GetSpan(theirs.Base, image.Length).SequenceEqual(image), "before the commit nothing is written");
        }

        TestContext.Out.WriteLine($"seed {seed}, {flips} flips: {string.Join(", ", outcomes.Select(static outcome => $"{outcome.Key} {outcome.Value}"))}");
        Assert.That(outcomes, Does.ContainKey("verified").And.ContainKey(nameof(LiveUpdateImageException)), "the changes reach the boot, and not every one");
    }

    [Test]
    public void A_successor_whose_memory_changes_takes_over_or_says_why_not()
    {
        int seed = Random.Shared.Next(1 << 24);
        TestContext.Out.WriteLine($"flip-rounds {ProcessRounds} {seed}");
        ProgramRun run = ProgramRun.OfAssembly("LiveUpdate.Core.TestHost", TimeSpan.FromMinutes(5), "flip-rounds", $"{ProcessRounds}", $"{seed}");
        TestContext.Out.WriteLine(string.Join('\n', run.Lines));
        Assert.That(run.Errors, Is.Empty);
        Assert.That(run.ExitCode, Is.Zero);
        Assert.That(
            run.Lines[^1].Split(": ")[1].Split(", "),
            Has.All.Matches("^(Committed and exit code [01]|Failed and exit code 1) [0-9]+$"));
    }

    private static byte[] MakeImage()
    {
        using KhoMemory memory = KhoMemory.CreateShared(160 * LuoAbi.PageSize);
        using Generation generation = Generation.Boot(memory, Handlers());
        Generation.Preserve(generation.Create("first"), [.. Enumerable.Range(0, 40)]);
        generation.Create("empty");
        Session typed = generation.Create("typed");
        for (ulong token = 0; token < 10; token++)
            typed.Preserve(token, new TestHost.Note($"note {token}", 7), $"name {token}");
        generation.Stop();
        return memory.GetSpan(memory.Base, (int)memory.Length).ToArray();
    }

    private static string Boot(KhoMemory theirs, int seed, ref long flips)
    {
        using KhoMemory ours = KhoMemory.OpenShared(DescriptorInfo.Duplicate(theirs.SharedFile!));
        using var flipper = new ByteFlipper(theirs, seed);
        try
        {
            using LiveUpdateEngine engine = LiveUpdateEngine.Attach(ours, LiveUpdateOrchestrator.ToEngineOptions(Generation.Options(Handlers())));
            _ = engine.Image?.ReadSlots();
            engine.Deserialize();
            engine.Verify();
            return "verified";
        }
        catch (Exception exception) when (exception is LiveUpdateException or LiveUpdateImageException)
        {
            return exception.GetType().Name;
        }
        finally
        {
            flipper.Dispose();
            flips += flipper.Flips;
        }
    }

    private static FileHandler[] Handlers() =>
        [new RecordingHandler(new CallbackLog()), new StateHandler<TestHost.Note>("note-v1", TestHost.NoteFormatter.Instance)];
}
