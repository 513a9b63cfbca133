using LiveUpdate;

namespace HelloLiveUpdate;

/// <summary>What one generation boots with: its handlers, and the state that its devices share.</summary>
internal sealed class HypervisorSetup
{
    public HypervisorSetup(bool inProcess)
    {
        if (!inProcess && OperatingSystem.IsLinux())
            Options.Handlers.Add(new MemfdHandler());
        else
            Options.Handlers.Add(new SameProcessRamHandler());
        Options.Handlers.Add(new StateHandler<VmState>("vm-state-v1", VmStateFormatter.Instance));
        var devices = new StateHandler<PassthroughDevice>("device-v1", PassthroughDeviceFormatter.Instance) { DependsOn = { Iommu } };
        Options.Handlers.Add(devices);
    }

    public LiveUpdateOptions Options { get; } = new() { MemorySize = 1L << 20 };

    public IommuFlb Iommu { get; } = new();
}
