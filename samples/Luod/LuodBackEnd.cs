namespace LiveUpdate.Samples.Luod;

/// <summary>What an update replaces.</summary>
internal enum LuodBackEnd
{
    /// <summary>The daemon itself.</summary>
    Managed,

    /// <summary>The kernel.</summary>
    Kernel,
}
