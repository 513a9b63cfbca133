using System.Globalization;
using System.Runtime.Versioning;

namespace LiveUpdate;

/// <summary>What can stand in the way of a hand-over to the service manager (<c>docs/systemd.md</c> has the list).</summary>
[SupportedOSPlatform("linux")]
internal static class ServiceManagerPreflight
{
    // Set by systemd 254 and later for a service whose store is on: how many descriptors it may hold.
    private const string StoreVariable = "FDSTORE";

    // What a process is started with beside the descriptors that it is passed, generously.
    private const int SpareOpenFiles = 64;

    /// <summary>Asks everything that can be asked without changing anything.</summary>
    public static IReadOnlyList<PreflightFinding> Run(LiveUpdateEngine engine, ServiceManagerOptions options)
    {
        var findings = new List<PreflightFinding>();
        HandoverPreflight.AddIfMemoryIsPrivate(findings, engine);
        try
        {
            StoreLedger.AwaitRemoval();
            using NotifyConnection connection = NotifyConnection.Open();
            connection.Barrier(Deadline.After(options.StoreTimeout));
        }
        catch (LiveUpdateException exception)
        {
            findings.Add(OfConnection(exception));
            return findings;
        }

        ServiceState? state = ServiceQuery.Ask(options, out string? reason);
        findings.AddRange(Examine(engine, options, state, reason));
        return findings;
    }

    /// <summary>The finding for a manager that cannot be reached, or does not answer.</summary>
    public static PreflightFinding OfConnection(LiveUpdateException exception)
    {
        (string id, string remedy) = exception.Error switch
        {
            LiveUpdateError.TimedOut => ("notify-socket-silent", "Look whether the service manager works."),
            _ when string.IsNullOrEmpty(Environment.GetEnvironmentVariable(NotifyConnection.Variable)) => (
                "notify-socket-missing",
                "Run the program as a service with FileDescriptorStoreMax= and NotifyAccess=main, and leave it the variable."),
            _ => ("notify-socket-unreachable", "Leave the variable as the service manager sets it, and let the program reach the socket."),
        };
        return Blocking(id, exception.Error, exception.Reason, remedy) with { Cause = exception };
    }

    /// <summary>Compares what this update needs with what the manager says.</summary>
    /// <param name="engine">The generation that is to be handed over.</param>
    /// <param name="options">The options of the target.</param>
    /// <param name="state">What the manager says; null if it could not be asked.</param>
    /// <param name="reason">Why not.</param>
    public static IReadOnlyList<PreflightFinding> Examine(
        LiveUpdateEngine engine, ServiceManagerOptions options, ServiceState? state, string? reason)
    {
        var findings = new List<PreflightFinding>();
        int[] numbers = engine.Descriptors.ListNumbers();
        int needed = numbers.Distinct().Count() + 1;
        AddIfNamesAreTooLong(findings, numbers);
        if (state is null)
        {
            AddUnknown(findings, options, needed, reason);
            return findings;
        }

        AddIfNotListening(findings, state);
        AddIfNotStartedAgain(findings, state);
        if (needed > state.Max - state.Stored)
            findings.Add(TooSmall(needed, state.Max, state.Stored, state.Unit));
        AddIfCannotBePassed(findings, needed + state.Stored, state);
        if (state.Preserve == "no")
        {
            findings.Add(Blocking(
                "fdstore-not-preserved",
                LiveUpdateError.NotSupported,
                $"The file descriptor store of {state.Unit} does not outlive the process: FileDescriptorStorePreserve=no.",
                "Set it to restart, which is the default, or to yes."));
        }

        return findings;
    }

    private static void AddIfNamesAreTooLong(List<PreflightFinding> findings, int[] numbers)
    {
        int length = StoreName.Memory.Length + 1 + numbers.Distinct().Sum(static number => StoreName.Of(number).Length + 1);
        if (length > StoreName.MaxTotalLength)
        {
            findings.Add(Blocking(
                "fdstore-names-too-long",
                LiveUpdateError.TooBig,
                $"The names of {numbers.Length} descriptors take {length} bytes of the variable in which the service manager passes " +
                $"them, and {StoreName.MaxTotalLength} are possible: no process could be started with them.",
                "Preserve fewer descriptors, or hand over to a successor."));
        }
    }

    private static void AddUnknown(List<PreflightFinding> findings, ServiceManagerOptions options, int needed, string? reason)
    {
        bool known = long.TryParse(
            Environment.GetEnvironmentVariable(StoreVariable), NumberStyles.None, CultureInfo.InvariantCulture, out long max);
        if (known && needed > max)
        {
            findings.Add(TooSmall(needed, max, null, "the service"));
            return;
        }

        findings.Add(new PreflightFinding(
            "fdstore-unknown",
            options.RequireCount ? PreflightSeverity.Blocking : PreflightSeverity.Unknown,
            $"Nobody says what the service's file descriptor store holds{(known ? $" of the {max} that it may" : "")}: {reason}. What " +
            "is too many the service manager drops without a word.",
            "Let the program run systemctl, or set Systemctl in the options."));
    }

    internal static void AddIfNotListening(List<PreflightFinding> findings, ServiceState state)
    {
        if (state.NotifyAccess == "none")
        {
            findings.Add(Blocking(
                "notify-access-none",
                LiveUpdateError.AccessDenied,
                $"The service manager does not listen to {state.Unit}: NotifyAccess=none.",
                "Set NotifyAccess=main in the unit."));
        }
        else if (state.MainProcess != Environment.ProcessId)
        {
            string who = $"The main process of {state.Unit} is {state.MainProcess}, and this one is {Environment.ProcessId}";
            const string Id = "notify-not-main-process";
            const string Remedy = "Let ExecStart= start this program itself, or exec it.";
            findings.Add(state.NotifyAccess == "main"
                ? Blocking(Id, LiveUpdateError.AccessDenied, $"{who}: the service manager does not listen to it.", Remedy)
                : new PreflightFinding(Id, PreflightSeverity.Warning, $"{who}: its end is not what restarts the service.", Remedy));
        }
    }

    // Before it executes the program the manager moves the descriptors to where the program finds them, each past those that are in the way.
    internal static void AddIfCannotBePassed(List<PreflightFinding> findings, long stored, ServiceState state)
    {
        long numbers = (2 * stored) + SpareOpenFiles;
        if (numbers > state.OpenFiles)
        {
            findings.Add(Blocking(
                "service-open-files",
                LiveUpdateError.TooManyFiles,
                $"To start a process with {stored} descriptors the service manager may need {numbers} numbers, and LimitNOFILE= of {state.Unit} " +
                $"is {state.OpenFiles}: the start could fail, and everything would be lost.",
                $"Set LimitNOFILE={numbers} or more in the unit."));
        }
    }

    // A store that is not kept for good is emptied when the manager gives the service up.
    internal static void AddIfNotStartedAgain(List<PreflightFinding> findings, ServiceState state)
    {
        if (state.Preserve == "yes")
            return;
        const string Lost = "and empties its store";
        if (state.Restart is "no" or "on-success")
        {
            findings.Add(new PreflightFinding(
                "service-not-restarted",
                PreflightSeverity.Warning,
                $"If the next process fails to boot, the service manager gives {state.Unit} up {Lost}: Restart={state.Restart}.",
                "Set Restart=always and StartLimitIntervalSec=0 in the unit, or, from systemd 254 on, FileDescriptorStorePreserve=yes."));
        }
        else if (state.StartLimit is { } limit)
        {
            findings.Add(new PreflightFinding(
                "service-start-limit",
                PreflightSeverity.Information,
                $"If the next process fails to boot again and again, the service manager gives {state.Unit} up {Lost} after {limit}.",
                "Set StartLimitIntervalSec=0 in the unit, or, from systemd 254 on, FileDescriptorStorePreserve=yes."));
        }
    }

    private static PreflightFinding TooSmall(int needed, long max, long? stored, string unit) => Blocking(
        "fdstore-too-small",
        LiveUpdateError.NoSpace,
        $"This update needs room for {needed} descriptors, and the file descriptor store of {unit} has it for {max}" +
        (stored > 0 ? $", of which {stored} are taken." : "."),
        $"Set FileDescriptorStoreMax={needed + (stored ?? 0)} or more in the unit.");

    private static PreflightFinding Blocking(string id, LiveUpdateError error, string message, string remedy) =>
        new(id, PreflightSeverity.Blocking, message, remedy) { Error = error };
}
