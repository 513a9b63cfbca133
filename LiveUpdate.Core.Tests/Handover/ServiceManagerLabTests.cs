using System.Runtime.Versioning;
using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Handover;

/// <summary>What runs beside the manager that <c>eng/systemd/run</c> starts cannot harm the machine: systemd is made to clean up at boot.</summary>
[Platform(Include = "Linux", Reason = "Only Linux has systemd.")]
[SupportedOSPlatform("linux")]
[Parallelizable(ParallelScope.Self)]
public sealed class ServiceManagerLabTests
{
    private const int Unusable = 125;

    private string _units = null!;

    [SetUp]
    public void SetUp()
    {
        ServiceManagerLab.SkipIfImpossible();
        _units = Directory.CreateTempSubdirectory("units-").FullName;
    }

    [TearDown]
    public void TearDown()
    {
        if (_units is not null)
            Directory.Delete(_units, recursive: true);
    }

    [Test]
    public void Nothing_of_the_machine_can_be_written_and_its_temporary_files_are_out_of_sight()
    {
        string canary = Path.Combine(_units, "canary");
        File.WriteAllText(canary, "");
        string folders = string.Join(' ', "/", "/usr", "/var", "/var/tmp", "/home", "/root", "/sys", "/proc/sys", AppContext.BaseDirectory);
        ProgramRun run = ServiceManagerLab.Run(_units, "sh", "-c", $"""
            for folder in {folders}; do [ -d $folder ] && touch $folder/probe 2>/dev/null && echo written in $folder; done
            [ -e {canary} ] && echo sees what is temporary here
            systemctl is-active systemd-tmpfiles-setup.service
            echo done
            """);
        Assert.That(run.Lines, Is.EqualTo(new[] { "inactive", "done" }), run.Errors);
        Assert.That(File.Exists(canary));
    }

    [Test]
    public void The_exit_status_of_the_command_is_that_of_the_run() =>
        Assert.That(ServiceManagerLab.Run(_units, "sh", "-c", "exit 7").ExitCode, Is.EqualTo(7));

    [Test]
    public void A_wrong_use_is_refused()
    {
        Assert.That(ServiceManagerLab.Run(_units).ExitCode, Is.EqualTo(Unusable));
        Assert.That(ServiceManagerLab.Run("/nowhere", "true").ExitCode, Is.EqualTo(Unusable));
    }
}
