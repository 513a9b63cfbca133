using System.Runtime.Versioning;

namespace LiveUpdate.Tests.Handover;

/// <summary>What is executed, and how the next image learns of it.</summary>
[Platform(Include = "Linux", Reason = "Only Linux replaces the image of a process with its descriptors kept.")]
[SupportedOSPlatform("linux")]
public sealed class ExecCommandLineTests
{
    [TestCase("dotnet app.dll a b", "/srv/app.dll a b", "dotnet /srv/app.dll")]
    [TestCase("dotnet exec --depsfile x.json bin/app.dll", "/srv/bin/app.dll", "dotnet exec --depsfile x.json /srv/bin/app.dll")]
    [TestCase("./app a b c", "/srv/app.dll a b c", "./app")]
    [TestCase("app", "app", "app")]
    [TestCase("app", "app more arguments than there are", "app")]
    public void The_host_stands_before_the_arguments_of_Main(string commandLine, string main, string host) =>
        Assert.That(ExecCommandLine.HostPart(commandLine.Split(' '), main.Split(' ')), Is.EqualTo(host.Split(' ')));

    [Test]
    public void The_default_is_this_program_with_its_arguments()
    {
        ExecCommandLine command = ExecCommandLine.Create(new ExecOptions());
        Assert.That(command.Path, Is.EqualTo(Environment.ProcessPath));
        Assert.That(command.Arguments, Has.Count.EqualTo(File.ReadAllText("/proc/self/cmdline").Count(static c => c == '\0')));
        Assert.That(command.Arguments.Skip(1), Is.SupersetOf(Environment.GetCommandLineArgs()));
    }

    [Test]
    public void Links_are_resolved_and_the_name_is_kept()
    {
        string folder = Directory.CreateTempSubdirectory("exec-").FullName;
        try
        {
            string link = Path.Combine(folder, "link");
            File.CreateSymbolicLink(link, "/bin/sh");
            ExecCommandLine command = ExecCommandLine.Create(new ExecOptions { Path = link, Arguments = ["a"] });
            Assert.That(command.Path, Is.EqualTo(File.ResolveLinkTarget("/bin/sh", true)?.FullName ?? "/bin/sh"));
            Assert.That(command.Arguments, Is.EqualTo((string[])[link, "a"]));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Test]
    public void The_link_to_the_process_itself_is_never_executed() =>
        Assert.That(ExecCommandLine.Create(new ExecOptions { Path = "/proc/self/exe" }).Path, Is.EqualTo(Environment.ProcessPath));

    [Test]
    public void A_notice_is_for_one_process()
    {
        string notice = ExecNotice.ForThisProcess(17);
        Assert.That(ExecNotice.Read(notice, Environment.ProcessId), Is.EqualTo(17));
        Assert.That(ExecNotice.Read(notice, Environment.ProcessId + 1), Is.Null);
        Assert.That(ExecNotice.Read("v2:1:what a later version says", 2), Is.Null);
    }

    [TestCase("")]
    [TestCase("v1")]
    [TestCase("v1:")]
    [TestCase("v1:x:3")]
    [TestCase("v1:2")]
    [TestCase("v1:2:")]
    [TestCase("v1:2:-3")]
    [TestCase("v1:2: 3")]
    [TestCase("v1:2:3:4")]
    [TestCase("v1:2:99999999999")]
    [TestCase("v0:2:3")]
    public void A_notice_that_cannot_be_read_is_an_error(string notice)
    {
        var exception = Assert.Throws<LiveUpdateImageException>(() => ExecNotice.Read(notice, 2));
        Assert.That(exception!.Structure, Does.Contain(ExecNotice.Variable));
    }
}
