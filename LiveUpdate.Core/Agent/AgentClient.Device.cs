namespace LiveUpdate.Agent;

/// <content>The device of the same agent.</content>
public sealed partial class AgentClient
{
    /// <summary>Connects to the device socket in the same directory.</summary>
    /// <param name="options">How to wait; null for the defaults.</param>
    /// <returns>The device, owned by the caller.</returns>
    /// <inheritdoc cref="AgentDevice.Connect" path="/exception"/>
    public AgentDevice OpenDevice(AgentDeviceOptions? options = null) => AgentDevice.Connect(_directory, options);
}
