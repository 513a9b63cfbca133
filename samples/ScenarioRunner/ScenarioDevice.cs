namespace LiveUpdate.Samples.ScenarioRunner;

/// <summary>What is asked.</summary>
internal enum ScenarioDevice
{
    /// <summary>The managed device.</summary>
    Managed,

    /// <summary>An agent in this process, which serves the managed device.</summary>
    Agent,

    /// <summary>The real device.</summary>
    Kernel,
}
