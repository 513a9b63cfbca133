using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Samples;

/// <summary>The sample does what it says, with fewer updates; what it checks itself, it fails for.</summary>
[Platform(Include = "Linux", Reason = "Only Linux passes descriptors from process to process.")]
[Parallelizable(ParallelScope.Self)]
public sealed class ZeroDowntimeServerTests
{
    private const string Name = "ZeroDowntimeServer";

    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);

    [Test]
    public void Nothing_is_lost_in_updates() => ExpectNothingLost(updates: 5, calledOff: 0, "--fail-every", "0");

    [Test]
    public void Nothing_is_lost_in_updates_that_are_called_off_either() => ExpectNothingLost(updates: 4, calledOff: 2, "--fail-every", "2");

    [TestCase("--updates", "0")]
    [TestCase("--updates", "many")]
    [TestCase("--connections", "0")]
    [TestCase("--connections", "100000")]
    [TestCase("--fail-every", "-1")]
    [TestCase("--unknown", "1")]
    public void Wrong_options_are_refused(string name, string value)
    {
        (int exitCode, _, string errors) = ProgramRun.OfAssembly(Name, name, value);
        Assert.That(exitCode, Is.Not.Zero);
        Assert.That(errors, Is.Not.Empty);
    }

    /// <summary>Whichever generation serves at that moment, and whatever it does.</summary>
    [Test]
    public async Task No_process_outlives_a_driver_that_is_killed([Values(1, 2, 3)] int seconds)
    {
        string[] arguments = [Path.Combine(AppContext.BaseDirectory, Name + ".dll"), "--updates", "100000", "--connections", "4"];
        var start = new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process driver = Process.Start(start)!;
        Worker.Until(() => OpenDescriptors.Children($"{driver.Id}").Length > 0);
        await Task.Delay(TimeSpan.FromSeconds(seconds));
        driver.Kill();

        // Every generation holds this end of the pipe.
        string errors = await driver.StandardError.ReadToEndAsync().WaitAsync(s_limit);
        Assert.That(errors, Is.Empty);
    }

    private static void ExpectNothingLost(int updates, int calledOff, params string[] options)
    {
        (int exitCode, string[] lines, string errors) =
            ProgramRun.OfAssembly(Name, ["--updates", $"{updates}", "--connections", "6", .. options]);
        string output = string.Join('\n', lines);
        Assert.That(errors, Is.Empty, output);
        Assert.That(exitCode, Is.Zero, output);
        Assert.That(output, Does.Match(@$"(?m)^{updates} updates in [\d.]+ s, called off: {calledOff}$"));
        Assert.That(lines, Has.One.EqualTo("broken connections 0, lost bytes 0"));
        Assert.That(lines[^1], Does.Match(@"^pause median \d+ us p99 \d+ us$"));
        Match requests = Regex.Match(output, @"^(\d+) connections, (\d+) requests, (\d+) bytes echoed$", RegexOptions.Multiline);
        Assert.That(requests.Success, output);
        Assert.That(output, Does.Contain($"counter 1 to {requests.Groups[2]}, each once"));
        // 6 that ask all the time, 2 that do not read, 8 that are idle, and one that visits.
        Assert.That(int.Parse(requests.Groups[1].ValueSpan, CultureInfo.InvariantCulture), Is.GreaterThanOrEqualTo(17));
    }
}
