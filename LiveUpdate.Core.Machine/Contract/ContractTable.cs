using System.Runtime.CompilerServices;

namespace LiveUpdate.Machine.Contract;

/// <summary>The steps by name, for a program that has no reflection. A test fails where it differs from the class.</summary>
internal static class ContractTable
{
    /// <summary>All steps, in the order in which they run.</summary>
    public static IReadOnlyList<ContractStep> Steps { get; } =
    [
        Step(DeviceContract.Device_has_one_opener),
        Step(DeviceContract.Names_are_checked),
        Step(DeviceContract.Names_are_unique_until_closed),
        Step(DeviceContract.Session_outlives_its_device),
        Step(DeviceContract.Preserve_refuses_in_order),
        Step(DeviceContract.Tokens_are_any_number),
        Step(DeviceContract.Outgoing_session_takes_no_retrieve),
        Step(DeviceContract.Dispose_unpreserves),
        Step(DeviceContract.Unknown_sessions_are_not_found),
        Step(DeviceContract.One_of_two_threads_wins),
        Step(DeviceContract.Files_survive, DeviceContract.Files_survive_after),
        Step(DeviceContract.Streams_are_flushed, DeviceContract.Streams_are_flushed_after),
        Step(DeviceContract.Retrieves_are_of_one_description, DeviceContract.Retrieves_are_of_one_description_after),
        Step(DeviceContract.Empty_session_survives, DeviceContract.Empty_session_survives_after),
        Step(DeviceContract.Disposed_unfinished_session_is_not_lost, DeviceContract.Disposed_unfinished_session_is_not_lost_after),
        Step(DeviceContract.Finish_ends_the_session, DeviceContract.Finish_ends_the_session_after),
        Step(DeviceContract.Close_finishes, DeviceContract.Close_finishes_after),
        Step(DeviceContract.Many_sessions_and_files_survive, DeviceContract.Many_sessions_and_files_survive_after),
        Step(DeviceContract.Collector_ends_no_session, DeviceContract.Collector_ends_no_session_after),
    ];

    private static ContractStep Step(
        Action<ContractWorld> before,
        Action<ContractWorld>? after = null,
        [CallerArgumentExpression(nameof(before))] string name = "") => new(name[(name.LastIndexOf('.') + 1)..], before, after);
}
