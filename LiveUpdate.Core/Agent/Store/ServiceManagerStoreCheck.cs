using System.Runtime.Versioning;

namespace LiveUpdate.Agent;

/// <summary>What can keep the service manager from keeping an agent's descriptors. None of it blocks: an agent goes on without.</summary>
[SupportedOSPlatform("linux")]
internal static class ServiceManagerStoreCheck
{
    // A handful of clients with their sessions.
    private const int LittleRoom = 64;

    /// <summary>Asks everything that can be asked without changing anything.</summary>
    /// <param name="options">How to ask.</param>
    /// <param name="isGone">Whether the manager could not be reached once.</param>
    /// <param name="stored">How many of the agent's descriptors are stored.</param>
    public static IReadOnlyList<PreflightFinding> Run(ServiceManagerOptions options, bool isGone, int stored)
    {
        if (isGone)
        {
            return
            [
                new PreflightFinding(
                    "agent-keeps-nothing",
                    PreflightSeverity.Warning,
                    "The service manager could not be reached once, and what came since is not stored: should the agent die, it is lost.",
                    "Restart the agent."),
            ];
        }

        try
        {
            using NotifyConnection connection = NotifyConnection.Open();
            connection.Barrier(Deadline.After(options.StoreTimeout));
        }
        catch (LiveUpdateException exception)
        {
            return [AsWarning(ServiceManagerPreflight.OfConnection(exception))];
        }

        return Examine(ServiceQuery.Ask(options, out string? reason), reason, stored);
    }

    /// <summary>Compares what an agent needs with what the manager says.</summary>
    public static IReadOnlyList<PreflightFinding> Examine(ServiceState? state, string? reason, int stored)
    {
        if (state is null)
        {
            return
            [
                new PreflightFinding(
                    "fdstore-unknown",
                    PreflightSeverity.Unknown,
                    $"Nobody says what the service's file descriptor store may hold: {reason}. What is too many the service manager " +
                    "drops without a word.",
                    "Let the agent run systemctl."),
            ];
        }

        var findings = new List<PreflightFinding>();
        long room = state.Max - state.Stored;
        if (room < LittleRoom)
        {
            findings.Add(new PreflightFinding(
                "fdstore-too-small",
                PreflightSeverity.Warning,
                $"The file descriptor store of {state.Unit} has room for {Math.Max(0, room)} descriptors beside the {state.Stored} that " +
                $"it holds, {stored} of them the agent's: one for each connection, session and preserved file.",
                "Set FileDescriptorStoreMax= in the unit to what the agent's clients need, some thousands."));
        }

        ServiceManagerPreflight.AddIfNotListening(findings, state);
        ServiceManagerPreflight.AddIfNotStartedAgain(findings, state);
        ServiceManagerPreflight.AddIfCannotBePassed(findings, state.Max, state);
        return [.. findings.Select(AsWarning)];
    }

    private static PreflightFinding AsWarning(PreflightFinding finding) =>
        finding.Severity == PreflightSeverity.Blocking ? finding with { Severity = PreflightSeverity.Warning } : finding;
}
