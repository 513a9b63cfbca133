using System.Runtime.Versioning;

namespace LiveUpdate.Tests.Handover;

/// <summary>What the service manager and the kernel say in text: none of it is believed before it is checked.</summary>
[Platform(Include = "Linux", Reason = "Only Linux has systemd.")]
[SupportedOSPlatform("linux")]
[Parallelizable(ParallelScope.All)]
public sealed class ServiceManagerTextTests
{
    private const string Ours = "liveupdate-core.memory:web:liveupdate-core.12";

    [Test]
    public void Names_of_this_library_are_found_and_others_left()
    {
        PassedDescriptors passed = PassedDescriptors.Parse(100, "100", "4", $"{Ours}:stored")!;
        Assert.That(passed.Ours.Keys, Is.EquivalentTo(new[] { "liveupdate-core.memory", "liveupdate-core.12" }));
        Assert.That(passed.Find("liveupdate-core.memory"), Is.EqualTo(new[] { 3 }));
        Assert.That(passed.Find("liveupdate-core.12"), Is.EqualTo(new[] { 5 }));
        Assert.That(passed.Find("web"), Is.Empty);
        Assert.That(passed.NamesOfOthers(), Is.EqualTo("liveupdate-taken:web:liveupdate-taken:stored"));
    }

    [Test]
    public void A_name_may_come_several_times() =>
        Assert.That(PassedDescriptors.Parse(1, "1", "3", "liveupdate-core.1:web:liveupdate-core.1")!.Find("liveupdate-core.1"), Is.EqualTo(new[] { 3, 5 }));

    [TestCase("web:mine:liveupdate-core.1:liveupdate-core.memory", "web:mine")]
    [TestCase("liveupdate-core.1:liveupdate-core.memory", null)]
    [TestCase("liveupdate-core.1:", "liveupdate-taken:")]
    public void The_others_keep_their_places(string names, string? rest) =>
        Assert.That(PassedDescriptors.Parse(1, "1", $"{names.Split(':').Length}", names)!.NamesOfOthers(), Is.EqualTo(rest));

    [TestCase("101", "3", Ours, Description = "for another process, as in a child")]
    [TestCase(null, "3", Ours)]
    [TestCase("", "3", Ours)]
    [TestCase("-100", "3", Ours)]
    [TestCase("99999999999999999999", "3", Ours)]
    [TestCase("100", "3", null)]
    [TestCase("100", "1", "")]
    [TestCase("100", "2", "web:liveupdate-corememory")]
    [TestCase("100", "many", "web:mine")]
    public void What_is_not_for_this_library_is_nothing(string? process, string? count, string? names) =>
        Assert.That(PassedDescriptors.Parse(100, process, count, names), Is.Null);

    [TestCase(null)]
    [TestCase("")]
    [TestCase("2")]
    [TestCase("4")]
    [TestCase("-3")]
    [TestCase("3 ")]
    [TestCase("4294967299")]
    public void A_count_that_is_not_that_of_the_names_is_damage(string? count) => Assert.That(
        () => PassedDescriptors.Parse(100, "100", count, Ours),
        Throws.TypeOf<LiveUpdateImageException>().With.Message.StartsWith("environment variable LISTEN_FDS, offset 0: expected the number of names"));

    [TestCase("0::/system.slice/vm@42.service\n", "vm@42.service", false)]
    [TestCase("0::/system.slice/vm.service/payload\n", "vm.service", false)]
    [TestCase("0::/system.slice/_cpu.service\n", "cpu.service", false)]
    [TestCase("4:memory:/else.service\n1:name=systemd:/system.slice/old.service\n0::/\n", "old.service", false)]
    [TestCase("0::/user.slice/user-1000.slice/user@1000.service/app.slice/mine.service\n", "mine.service", true)]
    [TestCase("0::/user.slice/user-1000.slice/user@1000.service\n", "user@1000.service", false)]
    [TestCase("0::/system.slice/a:b.service", "a:b.service", false)]
    public void The_unit_is_the_innermost_service_of_the_control_group(string text, string name, bool isOfUser)
    {
        Assert.That(ServiceUnit.TryParse(text, out ServiceUnit unit));
        Assert.That(unit, Is.EqualTo(new ServiceUnit(name, isOfUser)));
    }

    [TestCase("")]
    [TestCase("0::/\n")]
    [TestCase("0::/user.slice/session-1.scope\n")]
    [TestCase("0::/system.slice/.service\n")]
    [TestCase("4:memory:/system.slice/vm.service\n")]
    [TestCase("garbage")]
    [TestCase(":::::\n::\n")]
    public void A_process_outside_of_a_service_has_no_unit(string text) => Assert.That(ServiceUnit.TryParse(text, out _), Is.False);

    [Test]
    public void What_the_manager_says_is_read()
    {
        const string Text = "LoadState=loaded\nMainPID=77\nNotifyAccess=main\nFileDescriptorStoreMax=8\nNFileDescriptorStore=3\nOther=a=b\n";
        Assert.That(ServiceState.Parse("a.service", Text), Is.EqualTo(new ServiceState("a.service", 8, 3, "main", 77, "", "", null, int.MaxValue)));
        Assert.That(
            ServiceState.Parse("a.service", Text + "FileDescriptorStorePreserve=no\nRestart=always\nStartLimitBurst=5\nStartLimitIntervalUSec=10s\nLimitNOFILESoft=1024\n"),
            Is.EqualTo(new ServiceState("a.service", 8, 3, "main", 77, "no", "always", "5 starts within 10s", 1024)));
        Assert.That(ServiceState.Parse("a.service", Text + "LimitNOFILESoft=infinity\n")!.OpenFiles, Is.EqualTo(int.MaxValue));
        Assert.That(ServiceState.Parse("a.service", Text + "StartLimitBurst=0\nStartLimitIntervalUSec=10s\n")!.StartLimit, Is.Null);
        Assert.That(ServiceState.Parse("a.service", Text + "StartLimitBurst=5\nStartLimitIntervalUSec=0\n")!.StartLimit, Is.Null);
    }

    [TestCase("")]
    [TestCase("LoadState=not-found\nMainPID=0\nNotifyAccess=none\nFileDescriptorStoreMax=0\nNFileDescriptorStore=0\n", Description = "no such unit")]
    [TestCase("LoadState=loaded\nMainPID=77\nNotifyAccess=main\nFileDescriptorStoreMax=8\n")]
    [TestCase("LoadState=loaded\nMainPID=77\nNotifyAccess=main\nFileDescriptorStoreMax=8\nNFileDescriptorStore=-1\n")]
    [TestCase("LoadState=loaded\nMainPID=77\nNotifyAccess=main\nFileDescriptorStoreMax=4294967296\nNFileDescriptorStore=1\n")]
    [TestCase("LoadState=loaded\nMainPID=\nNotifyAccess=main\nFileDescriptorStoreMax=8\nNFileDescriptorStore=1\n")]
    public void What_the_manager_says_by_halves_is_unknown(string text) => Assert.That(ServiceState.Parse("a.service", text), Is.Null);
}
