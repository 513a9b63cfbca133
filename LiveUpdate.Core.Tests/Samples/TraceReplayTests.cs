using System.Runtime.Versioning;
using LiveUpdate.Samples.ScenarioRunner;

namespace LiveUpdate.Tests.Samples;

/// <summary>The kernel is the judge: what Linux 7.3.4 answered to these scenarios, the managed device answers too, directly and through an agent.</summary>
[Platform("Linux", Reason = "The scenarios are about memfds.")]
[SupportedOSPlatform("linux")]
internal sealed class TraceReplayTests
{
    /// <summary>What only the kernel itself can enforce: it freezes the size of a preserved memfd (reference M-16).</summary>
    private const string OnlyTheKernel = "memfd-kernel";

    private static readonly string s_folder = Path.Combine(TestContext.CurrentContext.TestDirectory, "Fixtures", "traces");

    private static IEnumerable<string> Scenarios => Directory.EnumerateFiles(s_folder, "*.ops")
        .Select(path => Path.GetFileNameWithoutExtension(path))
        .Where(name => name != OnlyTheKernel)
        .Order(StringComparer.Ordinal);

    [TestCaseSource(nameof(Scenarios))]
    public void Answers_are_those_of_the_kernel(string name) => Replay(name, ScenarioDevice.Managed);

    [TestCaseSource(nameof(Scenarios))]
    public void Answers_through_an_agent_are_those_of_the_kernel(string name) => Replay(name, ScenarioDevice.Agent);


    [Test]
    public void Every_trace_has_thousands_of_lines_together() =>
        Assert.That(Scenarios.Sum(name => File.ReadLines(Path.Combine(s_folder, name + ".trace")).Count()), Is.GreaterThan(10_000));

    [TestCase("0x10", 16L)]
    [TestCase("010", 8L)]
    [TestCase("-12abc", -12L)]
    [TestCase("99999999999999999999", long.MaxValue)]
    [TestCase("", 0L)]
    public void Numbers_are_read_as_the_C_library_does(string text, long expected) =>
        Assert.That(CNumber.ParseSigned(text), Is.EqualTo(expected));

    [TestCase("18446744073709551615", ulong.MaxValue)]
    [TestCase("18446744073709551616", ulong.MaxValue)]
    [TestCase("-1", ulong.MaxValue)]
    public void Tokens_are_read_as_the_C_library_does(string text, ulong expected) =>
        Assert.That(CNumber.ParseUnsigned(text), Is.EqualTo(expected));

    private static void Replay(string name, ScenarioDevice device)
    {
        using var output = new StringWriter();
        ScenarioRun.Execute(ScenarioFile.Read(Path.Combine(s_folder, name + ".ops")), device, output);
        string[] answered = output.ToString().Split('\n');
        string[] recorded = File.ReadAllText(Path.Combine(s_folder, name + ".trace")).Split('\n');
        Assert.That(answered, Is.EqualTo(recorded));
    }

    [Test]
    public void A_kexec_line_ends_the_stage_of_its_scenario_alone()
    {
        ScenarioFile file = ScenarioFile.Parse(["scenario a", "open d", "kexec", "# note", "open e", "scenario b", "", "open f"]);
        Assert.That(file.Stages, Is.EqualTo(new[] { new[] { "scenario a", "open d", "scenario b", "open f" }, ["open e"] }));
    }
}
