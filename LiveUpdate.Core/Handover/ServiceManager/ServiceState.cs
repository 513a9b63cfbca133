using System.Globalization;

namespace LiveUpdate;

/// <summary>What the service manager says of this process's unit.</summary>
/// <param name="Unit">The unit.</param>
/// <param name="Max">How many descriptors its store may hold (<c>FileDescriptorStoreMax=</c>).</param>
/// <param name="Stored">How many it holds.</param>
/// <param name="NotifyAccess">Whose messages are listened to: <c>none</c>, <c>main</c>, <c>exec</c> or <c>all</c>.</param>
/// <param name="MainProcess">The process whose end is the service's; 0 if there is none.</param>
/// <param name="Preserve">Whether the store outlives the service (<c>FileDescriptorStorePreserve=</c>); empty before systemd 254.</param>
/// <param name="Restart">When the service is started again by itself (<c>Restart=</c>).</param>
/// <param name="StartLimit">How many starts in which time are one too many; null if there is no limit.</param>
/// <param name="OpenFiles">How many descriptors a process is started with at most (the soft limit of <c>LimitNOFILE=</c>).</param>
internal sealed record ServiceState(
    string Unit, long Max, long Stored, string NotifyAccess, int MainProcess, string Preserve, string Restart, string? StartLimit,
    long OpenFiles)
{
    /// <summary>The properties that are asked for.</summary>
    public const string Properties =
        "LoadState,FileDescriptorStoreMax,NFileDescriptorStore,NotifyAccess,MainPID,FileDescriptorStorePreserve,Restart," +
        "StartLimitBurst,StartLimitIntervalUSec,LimitNOFILESoft";

    /// <summary>Reads the answer of <c>systemctl show</c>.</summary>
    /// <returns>Null if it does not say all that is needed, or the manager does not know the unit.</returns>
    public static ServiceState? Parse(string unit, string text)
    {
        var properties = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string line in text.Split('\n'))
        {
            if (line.Split('=', 2) is [var name, var value])
                properties[name] = value.Trim();
        }

        return properties.GetValueOrDefault("LoadState") == "loaded" &&
            TryGet("FileDescriptorStoreMax", out long max) &&
            TryGet("NFileDescriptorStore", out long stored) &&
            TryGet("MainPID", out long main) &&
            properties.TryGetValue("NotifyAccess", out string? access)
            ? new ServiceState(
                unit, max, stored, access, (int)main, Get("FileDescriptorStorePreserve"), Get("Restart"), Limit(),
                TryGet("LimitNOFILESoft", out long files) ? files : int.MaxValue)
            : null;

        string Get(string name) => properties.GetValueOrDefault(name, "");

        string? Limit()
        {
            (string burst, string interval) = (Get("StartLimitBurst"), Get("StartLimitIntervalUSec"));
            return burst is "0" or "" || interval is "0" or "" ? null : $"{burst} starts within {interval}";
        }

        bool TryGet(string name, out long number)
        {
            number = 0;
            return properties.TryGetValue(name, out string? text) &&
                long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number <= int.MaxValue;
        }
    }
}
