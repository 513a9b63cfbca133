using System.Diagnostics;
using System.Text.RegularExpressions;
using LiveUpdate.Kho;

namespace LiveUpdate.Tests.Kho;

public sealed partial class KhoImageTests
{
    [Test]
    public void TheCapturedImageIsRead()
    {
        KhoImage image = KhoImage.Load(Generations.CapturedImage);
        using KhoMemory memory = image.Memory;
        LuoImage luo = LuoImage.Read(image)!;
        Assert.That(image.SubtreeNames, Is.EqualTo(new[] { "LUO", "kexec-metadata" }));
        Assert.That(
            luo.Sessions.Select(session => (session.Name, session.Files.Count)),
            Is.EqualTo(new[] { ("vm-a", 2), ("empty-session", 0), ("many", 70) }));
        Assert.That(luo.Flbs.Select(flb => flb.Count), Is.All.EqualTo(72));
    }

    [Test]
    public async Task TheInspectorPrintsTheSummaryThatWasMadeWithTheImage()
    {
        (int code, string output, string error) = await InspectAsync("--json", Generations.CapturedImage);
        Assert.That((code, error), Is.EqualTo((0, "")));
        string summary = await File.ReadAllTextAsync(Path.Combine(Generations.CapturedImage, "summary.json"));
        // Where the device tree lay cannot be known from the files.
        Assert.That(output, Is.EqualTo(FdtAddress().Replace(summary, "")));
    }

    [Test]
    public async Task TheInspectorPrintsTablesForPeople()
    {
        (int code, string output, _) = await InspectAsync(Generations.CapturedImage);
        Assert.That(code, Is.Zero);
        Assert.That(output, Does.Contain("vm-a").And.Contain("empty-session").And.Contain("0x7d1").And.Contain("liveupdate-test-flb-v2"));
    }

    [Test]
    public async Task TheInspectorSaysWhatIsWrong()
    {
        Assert.That((await InspectAsync()).Code, Is.EqualTo(2));
        Assert.That((await InspectAsync("--unknown")).Code, Is.EqualTo(2));
        Assert.That((await InspectAsync(Generations.CapturedImage, Generations.CapturedImage)).Code, Is.EqualTo(2));
        (int code, _, string error) = await InspectAsync(Path.Combine(Generations.CapturedImage, "missing"));
        Assert.That(code, Is.EqualTo(2));
        Assert.That(error, Does.Contain("fdt.bin"));
        string copy = Directory.CreateTempSubdirectory().FullName;
        try
        {
            byte[] pages = await File.ReadAllBytesAsync(Path.Combine(Generations.CapturedImage, "pages.bin.gz"));
            File.Copy(Path.Combine(Generations.CapturedImage, "fdt.bin"), Path.Combine(copy, "fdt.bin"));
            await File.WriteAllBytesAsync(Path.Combine(copy, "pages.bin.gz"), pages.AsMemory(0, pages.Length / 2));
            (code, _, error) = await InspectAsync("--json", copy);
            Assert.That(code, Is.EqualTo(1));
            Assert.That(error, Does.Contain("damaged"));
        }
        finally
        {
            Directory.Delete(copy, recursive: true);
        }
    }

    [Test]
    public void AGenerationIsReadLikeAnImage()
    {
        using KhoMemory memory = KhoMemory.Allocate(1 << 20);
        using KexecHandover kho = Generations.Cold(memory);
        using KexecHandover next = Generations.Pending(kho);
        Assert.That(LuoImage.Read(next), Is.Null, "no orchestrator");
        Assert.That(() => LuoImage.Read(null!), Throws.ArgumentNullException);
    }

    [Test]
    public void RangesMayReachOverBlocksThatFollowEachOther()
    {
        KhoImage image = KhoImage.Load(Generations.CapturedImage);
        using KhoMemory memory = image.Memory;
        PreservedRange[] ranges = [.. image.Preserved.OrderBy(range => range.Address)];
        foreach (PreservedRange range in ranges)
        {
            Assert.That(image.IsIncoming(range.Address, range.Length), Is.True);
            Assert.That(image.IsIncoming(range.Address + 1, range.Length - 1), Is.True);
            Assert.That(image.IsRestorable(range.Address, out int order) && order == range.Order, Is.True);
            Assert.That(image.IsRestorable(range.Address + 1, out _), Is.False);
            bool follows = ranges.Any(other => other.Address == range.Address + range.Length);
            Assert.That(image.IsIncoming(range.Address, range.Length + 1), Is.EqualTo(follows));
        }
        Assert.That(image.IsIncoming(ranges[0].Address, 0), Is.False);
        Assert.That(image.IsIncoming(PhysicalAddress.None, 1), Is.False);
        Assert.That(image.IsIncoming(new PhysicalAddress(ulong.MaxValue), long.MaxValue), Is.False);
        Assert.That(() => image.GetIncomingSpan(PhysicalAddress.None, 8, "record").Length, Generations.Damage());
    }

    [GeneratedRegex(""" "fdt_address": \d+,\n""")]
    private static partial Regex FdtAddress();

    private static async Task<(int Code, string Output, string Error)> InspectAsync(params string[] arguments)
    {
        string program = Path.Combine(TestContext.CurrentContext.TestDirectory, "ImageInspector.dll");
        var start = new ProcessStartInfo("dotnet", [program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await error);
    }
}
