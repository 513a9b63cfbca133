using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Agent;

/// <summary>A device of the caller's, without updates.</summary>
[SupportedOSPlatform("linux")]
internal sealed class DeviceBackEnd(LiveUpdateDevice device) : AgentBackEnd
{
    /// <inheritdoc/>
    internal override string Name => "device";

    /// <inheritdoc/>
    internal override LiveUpdateDevice Device => device;

    /// <inheritdoc/>
    internal override Task<IReadOnlyDictionary<string, SafeFileHandle>?> BootAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyDictionary<string, SafeFileHandle>?>(null);

    /// <inheritdoc/>
    internal override IReadOnlyDictionary<int, Session> Rebuild(
        AgentLedger ledger, IReadOnlyDictionary<string, SafeFileHandle> stored, Action<int, int?, Exception> report) =>
        throw NotSupported("rebuild sessions");

    /// <inheritdoc/>
    internal override IReadOnlyList<PreflightFinding> Check(int sessions, IReadOnlyList<string> unfinished) =>
    [
        new PreflightFinding(
            "agent-without-updates",
            PreflightSeverity.Blocking,
            "The agent was given a device, and whoever made that carries updates out.",
            "Start it with a managed or a kernel back end."),
    ];

    /// <inheritdoc/>
    internal override Task HandOverAsync(
        Func<CancellationToken, Task<IReadOnlyDictionary<string, SafeHandle>>> pack, Action<string> phase, CancellationToken cancellationToken) =>
        throw NotSupported("hand over");

    /// <inheritdoc/>
    private protected override void Dispose(bool disposing) => device.Dispose();

    private static LiveUpdateException NotSupported(string operation) =>
        Refusal.Create(LiveUpdateError.NotSupported, operation, "The agent was given a device, and whoever made that carries updates out.");
}
