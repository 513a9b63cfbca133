using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Agent;

/// <summary>Keeps nothing.</summary>
[SupportedOSPlatform("linux")]
internal sealed class NoStore : AgentStore
{
    private static readonly PreflightFinding s_finding = new(
        "agent-keeps-nothing",
        PreflightSeverity.Warning,
        "Nothing is kept for an agent that dies: its clients see the end of the stream, and their sessions are gone.",
        $"Start the agent by a keeper ({nameof(AgentKeeper)}), or as a service with FileDescriptorStoreMax=.");

    /// <inheritdoc/>
    public override bool Keeps => false;

    /// <inheritdoc/>
    internal override int Capacity => int.MaxValue;

    /// <inheritdoc/>
    public override IReadOnlyList<PreflightFinding> Check() => [s_finding];

    /// <inheritdoc/>
    internal override IReadOnlyDictionary<string, SafeFileHandle> Take() => new Dictionary<string, SafeFileHandle>();

    /// <inheritdoc/>
    internal override void Store(string key, SafeHandle descriptor) => StoreKey.Check(key);

    /// <inheritdoc/>
    internal override void Remove(string key) => StoreKey.Check(key);
}
