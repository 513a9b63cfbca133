using System.Runtime.Versioning;
using System.Text.Json;
using LiveUpdate.Samples.Luoctl;
using LiveUpdate.Tests.Kho;

namespace LiveUpdate.Tests.Agent;

/// <summary>luoctl without an agent: arguments, images, completion, and that none is there.</summary>
[Platform("Linux", Reason = "luoctl needs Linux.")]
[SupportedOSPlatform("linux")]
[Parallelizable(ParallelScope.All)]
internal sealed class LuoctlCommandLineTests
{
    [TestCase("", "Required command was not provided")]
    [TestCase("steal", "'steal'")]
    [TestCase("status now", "'now'")]
    [TestCase("inspect", "inspect")]
    [TestCase("load", "load")]
    [TestCase("load /boot/vmlinuz", "either --command-line or --reuse-command-line")]
    [TestCase("load /boot/vmlinuz --reuse-command-line --command-line x", "either --command-line or --reuse-command-line")]
    [TestCase("update --prepare-time soon", "\"soon\" is no time")]
    [TestCase("update --claim-time 0", "\"0\" is no time")]
    [TestCase("update --prepare-time 25h", "\"25h\" is no time")]
    [TestCase("update --prepare-time", "--prepare-time")]
    public async Task Wrong_arguments_exit_with_2_and_a_line(string arguments, string reason)
    {
        (int code, string text, string errors) = await LuoctlRun.OfAsync(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.That((code, text), Is.EqualTo((2, "")));
        Assert.That(errors, Does.StartWith("luoctl: ").And.Contain(reason).And.EndWith("(luoctl --help says more)\n"));
        Assert.That(errors.Count(character => character == '\n'), Is.EqualTo(1));
    }

    [TestCase("status")]
    [TestCase("sessions")]
    [TestCase("inspect vm-1")]
    [TestCase("check")]
    [TestCase("load /boot/vmlinuz --reuse-command-line")]
    [TestCase("update")]
    [TestCase("watch --json")]
    [TestCase("cancel")]
    public async Task No_agent_exits_with_3_and_says_where(string arguments)
    {
        (int code, string text, string errors) = await LuoctlRun.OfAsync(["--directory", "/nonexistent/luod", .. arguments.Split(' ')]);
        Assert.That((code, text), Is.EqualTo((3, "")));
        Assert.That(errors, Does.StartWith($"luoctl: {arguments.Split(' ')[0]}: ").And.Contain("/nonexistent/luod/update").And.Contain("ENOENT"));
    }

    [Test]
    public async Task Directory_that_fits_no_address_exits_with_2()
    {
        (int code, _, string errors) = await LuoctlRun.OfAsync("status", "--directory", "/" + new string('d', 200));
        Assert.That(code, Is.EqualTo(2));
        Assert.That(errors, Does.StartWith("luoctl: status: "));
    }

    [Test]
    public async Task Help_has_the_exit_codes()
    {
        (int code, string text, _) = await LuoctlRun.OfAsync("--help");
        Assert.That(code, Is.Zero);
        Assert.That(text.ReplaceLineEndings(" "), Does.Contain("0 done").And.Contain("3 no agent can be reached").And.Contain("130 interrupted"));
    }

    [Test]
    public async Task Captured_image_is_inspected()
    {
        (int code, string text, string errors) = await LuoctlRun.OfAsync("inspect", Generations.CapturedImage);
        Assert.That((code, errors), Is.EqualTo((0, "")));
        Assert.That(text, Does.Contain("vm-a").And.Contain("empty-session"));
        (code, string ofFile, _) = await LuoctlRun.OfAsync("inspect", Path.Combine(Generations.CapturedImage, "fdt.bin"));
        Assert.That((code, ofFile), Is.EqualTo((0, text)));
        (code, string json, _) = await LuoctlRun.OfAsync("inspect", Generations.CapturedImage, "--json");
        Assert.That(code, Is.Zero);
        Assert.That(JsonDocument.Parse(json).RootElement.GetProperty("sessions")[0].GetProperty("name").GetString(), Is.EqualTo("vm-a"));
    }

    [Test]
    public async Task Image_that_is_damaged_or_none_is_refused()
    {
        DirectoryInfo copy = Directory.CreateTempSubdirectory("image");
        try
        {
            (int code, _, string errors) = await LuoctlRun.OfAsync("inspect", copy.FullName);
            Assert.That(code, Is.EqualTo(2));
            Assert.That(errors, Does.StartWith("luoctl: inspect: ").And.Contain("fdt.bin"));
            await File.WriteAllBytesAsync(Path.Combine(copy.FullName, "fdt.bin"), new byte[64]);
            File.Copy(Path.Combine(Generations.CapturedImage, "pages.bin.gz"), Path.Combine(copy.FullName, "pages.bin.gz"));
            (code, string text, errors) = await LuoctlRun.OfAsync("inspect", "--json", copy.FullName);
            Assert.That((code, text), Is.EqualTo((1, "")));
            Assert.That(errors, Does.StartWith("luoctl: inspect: "));
        }
        finally
        {
            copy.Delete(recursive: true);
        }
    }

    [TestCase("luoctl s", "sessions\nstatus\n")]
    [TestCase("luoctl update --pre", "--prepare-time\n")]
    [TestCase("luoctl -d /nonexistent inspect v", "")]
    public async Task Command_line_is_completed(string line, string expected)
    {
        (int code, string text, string errors) = await LuoctlRun.OfAsync($"[suggest:{line.Length}]", line);
        Assert.That((code, errors), Is.EqualTo((0, "")));
        IEnumerable<string> offered = text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(word => word.StartsWith(line.Split(' ')[^1], StringComparison.Ordinal));
        Assert.That(offered, Is.EqualTo(expected.Split('\n', StringSplitOptions.RemoveEmptyEntries)));
    }

    [TestCase("500ms", 500)]
    [TestCase("30s", 30_000)]
    [TestCase("30", 30_000)]
    [TestCase("1.5s", 1500)]
    [TestCase("2m", 120_000)]
    [TestCase("24h", 86_400_000)]
    public void Times_are_read(string text, double milliseconds)
    {
        Assert.That(TimeText.TryParse(text, out TimeSpan time));
        Assert.That(time.TotalMilliseconds, Is.EqualTo(milliseconds));
    }

    [TestCase("")]
    [TestCase("s")]
    [TestCase("-1s")]
    [TestCase("1d")]
    [TestCase("1 s")]
    [TestCase("0.5ms")]
    [TestCase("25h")]
    [TestCase("99999999999999999999999h")]
    public void What_is_no_time_is_refused(string text) => Assert.That(TimeText.TryParse(text, out _), Is.False);
}
