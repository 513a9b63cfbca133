using LiveUpdate.Fuzzing.Targets;

namespace LiveUpdate.Fuzzing;

/// <summary>All targets by name, each made when it is asked for.</summary>
internal static class FuzzTargets
{
    private static readonly Dictionary<string, Func<FuzzTarget>> s_makers = new(StringComparer.Ordinal)
    {
        ["device-tree"] = static () => new DeviceTreeTarget(),
        ["page-map"] = static () => new PageMapTarget(),
        ["root-record"] = static () => new RootRecordTarget(),
        ["session-block"] = static () => new SessionBlockTarget(),
        ["file-block"] = static () => new FileBlockTarget(),
        ["flb-page"] = static () => new FlbPageTarget(),
        ["memfd-record"] = static () => new MemfdRecordTarget(),
        ["kexec-metadata"] = static () => new KexecMetadataTarget(),
        ["core-record"] = static () => new CoreRecordTarget(),
        ["carrier-record"] = static () => new CarrierRecordTarget(),
        ["carried-sessions"] = static () => new CarriedSessionsTarget(),
        ["preserved-memory"] = static () => new PreservedMemoryTarget(),
        ["captured-image"] = static () => new CapturedImageTarget(),
        ["captured-pages"] = static () => new CapturedPagesTarget(),
        ["image"] = static () => new ImageTarget(),
        ["state"] = static () => new StateTarget(),
        ["successor-header"] = static () => new SuccessorHeaderTarget(),
        ["successor-hello"] = static () => new SuccessorHelloTarget(),
        ["successor-failure"] = static () => new SuccessorFailureTarget(),
        ["successor-offers"] = static () => new SuccessorOffersTarget(),
        ["successor-answers"] = static () => new SuccessorAnswersTarget(),
        ["update-requests"] = UpdateMessageTarget.Requests,
        ["update-notices"] = UpdateMessageTarget.Notices,
        ["update-saved"] = UpdateMessageTarget.Saved,
        ["agent-ledger"] = static () => new AgentLedgerTarget(),
        ["agent-answers"] = static () => new AgentAnswersTarget(),
        ["service-texts"] = static () => new ServiceTextTarget(),
        ["kernel-image"] = static () => new KernelImageTarget(),
    };

    private static readonly Dictionary<string, Func<FuzzTarget>> s_planted = new(StringComparer.Ordinal)
    {
        ["planted-overrun"] = static () => new PlantedTarget(PlantedFault.Overrun),
        ["planted-underrun"] = static () => new PlantedTarget(PlantedFault.Underrun),
        ["planted-hang"] = static () => new PlantedTarget(PlantedFault.Hang),
        ["planted-allocation"] = static () => new PlantedTarget(PlantedFault.Allocation),
    };

    /// <summary>The names, those of the planted faults left out.</summary>
    public static IReadOnlyCollection<string> Names => s_makers.Keys;

    /// <summary>The longest input of any target.</summary>
    public const int LongestInput = 64 << 10;

    /// <summary>Whether there is a target of that name.</summary>
    public static bool Exists(string name) => s_makers.ContainsKey(name) || s_planted.ContainsKey(name);

    /// <summary>Makes a target.</summary>
    /// <exception cref="FormatException">There is none of that name.</exception>
    public static FuzzTarget Make(string name) =>
        (s_makers.GetValueOrDefault(name) ?? s_planted.GetValueOrDefault(name) ?? throw new FormatException($"There is no target \"{name}\"; see \"list\"."))();
}
