using LiveUpdate.Abi;

namespace LiveUpdate.Agent;

/// <summary>How an agent uses the real device.</summary>
public sealed class AgentKernelOptions
{
    /// <summary>Where the control device is.</summary>
    public string DevicePath { get; init; } = LiveUpdateIoctl.DevicePath;

    /// <summary>How to go about the kernel's traps; null for the defaults.</summary>
    public KernelDeviceOptions? Device { get; init; }

    /// <summary>
    /// Whether an update drops sessions that came with an earlier one and that nobody has finished (reference S-24); otherwise, unless set, it is
    /// refused and names them.
    /// </summary>
    public bool DiscardsUnfinished { get; init; }

    /// <summary>
    /// Called before the agent jumps into the next kernel, when all programs are ready and their requests wait: for what must not be lost, since
    /// no process goes on. File systems are not synchronized by the library. What it throws calls the update off.
    /// </summary>
    public Action? BeforeKexec { get; init; }
}
