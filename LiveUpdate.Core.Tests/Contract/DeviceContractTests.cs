using System.Reflection;
using System.Runtime.Versioning;
using LiveUpdate.Machine.Contract;

namespace LiveUpdate.Tests.Contract;

/// <summary>The contract of the device and its sessions on the managed device and on an agent's; eng/kernel/run contract runs the same on the real one.</summary>
[Platform("Linux", Reason = "The contract is about memfds.")]
[SupportedOSPlatform("linux")]
internal sealed class DeviceContractTests
{
    private const string AfterSuffix = "_after";

    private static IEnumerable<string> Names => ContractTable.Steps.Select(step => step.Name);

    [TestCaseSource(nameof(Names))]
    public void Managed_device_keeps_the_contract(string name)
    {
        ContractStep step = ContractTable.Steps.Single(one => one.Name == name);
        using LiveUpdateOrchestrator before = LiveUpdateOrchestrator.Boot(Options());
        step.Before(new ManagedWorld(before));
        if (step.After is null)
            return;
        using LiveUpdateOrchestrator after = before.HandOver(HandoverTarget.InProcess(Options())).Next;
        step.After(new ManagedWorld(after));
    }

    [TestCaseSource(nameof(Names))]
    public async Task Agents_device_keeps_the_contract(string name)
    {
        ContractStep step = ContractTable.Steps.Single(one => one.Name == name);
        using LiveUpdateOrchestrator before = LiveUpdateOrchestrator.Boot(Options());
        await using var first = new AgentWorld(before);
        step.Before(first);
        if (step.After is null)
            return;
        using LiveUpdateOrchestrator after = before.HandOver(HandoverTarget.InProcess(Options())).Next;
        await using var second = new AgentWorld(after);
        step.After(second);
    }

    [Test]
    public void The_table_has_every_step_of_the_class()
    {
        MethodInfo[] methods = typeof(DeviceContract).GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly);
        IEnumerable<string> steps = methods.Where(method => method.GetCustomAttribute<ContractStepAttribute>() is not null).Select(method => method.Name);
        IEnumerable<string> after = methods.Select(method => method.Name).Where(name => name.EndsWith(AfterSuffix, StringComparison.Ordinal));
        Assert.Multiple(() =>
        {
            Assert.That(Names, Is.EquivalentTo(steps));
            Assert.That(
                ContractTable.Steps.Where(step => step.After is not null).Select(step => step.Name + AfterSuffix), Is.EquivalentTo(after));
            Assert.That(
                ContractTable.Steps.Where(step => step.After is not null).Select(step => step.After!.Method.Name), Is.EquivalentTo(after));
            Assert.That(methods, Has.Length.EqualTo(steps.Count() + after.Count()));
        });
    }

    private static LiveUpdateOptions Options() => new() { Handlers = { new MemfdHandler() } };
}
