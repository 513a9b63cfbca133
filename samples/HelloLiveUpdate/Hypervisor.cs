using System.Diagnostics;
using LiveUpdate;

namespace HelloLiveUpdate;

/// <summary>
/// One generation after the other: start or take over the virtual machine, let the guest run, preserve everything, hand over.
/// </summary>
internal sealed class Hypervisor(int ramMiB, ulong generations, bool inProcess)
{
    private const string SessionName = "vm-42";
    private const ulong RamToken = 1;
    private const ulong StateToken = 2;
    private const ulong FirstDeviceToken = 16;

    public void Run()
    {
        var setup = new HypervisorSetup(inProcess);
        LiveUpdateOrchestrator luo = LiveUpdateOrchestrator.Boot(setup.Options);
        try
        {
            while (true)
            {
                Screen.Headline($"Generation {luo.UpdateNumber + 1} of {generations}, process {Environment.ProcessId}");
                var timeline = new Timeline();
                using LiveUpdateDevice device = timeline.Measure("open", luo.OpenDevice);
                VirtualMachine machine = luo.PreviousUpdate is null ? Start() : TakeOver(luo, setup, device, timeline);
                if (luo.UpdateNumber + 1 >= generations)
                {
                    Screen.Succeed($"Every checksum matched in every one of {generations} generations.");
                    machine.Dispose();
                    return;
                }

                machine.RunGuest();
                Preserve(device, setup, machine);
                (luo, setup) = HandOver(luo);
            }
        }
        finally
        {
            luo.Dispose();
        }
    }

    private VirtualMachine Start()
    {
        if (inProcess)
            Screen.Say("Generations change within this process: here everything stays where it is, and only its owner changes.");
        return VirtualMachine.Start(ramMiB, inMemfd: !inProcess);
    }

    private static void Preserve(LiveUpdateDevice device, HypervisorSetup setup, VirtualMachine machine)
    {
        machine.Seal();
        setup.Iommu.Current = machine.Iommu;
        // Not disposed here: the session goes to the next generation with all that is in it.
        Session session = device.CreateSession(SessionName);
        machine.State.PreserveStarted = Stopwatch.GetTimestamp();
        session.Preserve(RamToken, machine.Ram.File);
        session.Preserve(StateToken, machine.State);
        for (int i = 0; i < machine.Devices.Count; i++)
            session.Preserve(FirstDeviceToken + (ulong)i, machine.Devices[i]);
        machine.State.PreserveEnded = Stopwatch.GetTimestamp();
    }

    private (LiveUpdateOrchestrator Next, HypervisorSetup Setup) HandOver(LiveUpdateOrchestrator luo)
    {
        var next = new HypervisorSetup(inProcess);
        if (inProcess || !OperatingSystem.IsLinux())
        {
            InProcessHandover handover = luo.HandOver(HandoverTarget.InProcess(next.Options));
            luo.Dispose();
            return (handover.Next, next);
        }

        luo.HandOver(HandoverTarget.Exec());
        throw new UnreachableException("A hand-over by exec returns only by throwing.");
    }

    private static VirtualMachine TakeOver(LiveUpdateOrchestrator luo, HypervisorSetup setup, LiveUpdateDevice device, Timeline timeline)
    {
        VirtualMachine machine;
        using (Session incoming = device.RetrieveSession(SessionName))
        {
            machine = timeline.Measure("retrieve", () => Retrieve(luo, setup, incoming));
            timeline.Measure("finish", incoming.Finish);
        }

        Screen.Show(luo.PreviousUpdate!, machine.State, timeline);
        machine.Verify();
        return machine;
    }

    private static VirtualMachine Retrieve(LiveUpdateOrchestrator luo, HypervisorSetup setup, Session incoming)
    {
        var state = incoming.Retrieve<VmState>(StateToken);
        var devices = new List<PassthroughDevice>();
        while (incoming.TryRetrieve(FirstDeviceToken + (ulong)devices.Count, out PassthroughDevice? device))
            devices.Add(device);
        using FlbReference<Iommu> iommu = luo.GetIncoming(setup.Iommu);
        return new VirtualMachine(GuestRam.Retrieve(incoming, RamToken), state, devices, iommu.Value!);
    }
}
