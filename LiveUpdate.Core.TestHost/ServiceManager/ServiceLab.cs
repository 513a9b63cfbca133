namespace LiveUpdate.TestHost.ServiceManager;

/// <summary>
/// Runs beside a service manager, as <c>eng/systemd/run</c> starts it, and leads services through their scenarios. It prints, for each, a
/// line <c>== name</c> and what was seen; the tests compare.
/// </summary>
internal static class ServiceLab
{
    private const string OwnFolder = "/etc/systemd/system";

    private static readonly Lock s_lock = new();

    private static readonly Dictionary<string, Func<string[]>> s_scenarios = new()
    {
        ["restart"] = RestartTwice,
        ["by-itself"] = UpdateByItself,
        ["again"] = () => Succeeds("again", "again"),
        ["too-small"] = () => CalledOff("too-small", "preflight", "FileDescriptorStoreMax=5"),
        ["store-off"] = () => CalledOff("store-off", "preflight", "FileDescriptorStoreMax=0", "NotifyAccess=main"),
        ["no-access"] = () => CalledOff(
            "no-access", "preflight", "FileDescriptorStoreMax=0", "NotifyAccess=none", "Environment=NOTIFY_SOCKET=/run/systemd/notify"),
        ["not-main"] = () => CalledOff("not-main", "", $"ExecStart=/bin/sh -c 'trap : HUP; {LabUnit.Command} preflight; true'"),
        ["open-files"] = () => CalledOff("open-files", "preflight events=700", "LimitNOFILE=1024:20000"),
        ["dropped"] = () => CalledOff("dropped", "at=Descriptors fill", "FileDescriptorStoreMax=9"),
        ["stubborn"] = () => CalledOff("stubborn", "stubborn"),
        ["not-restarted"] = () => CalledOff("not-restarted", "preflight stubborn", "Restart=no"),
        ["silent-systemctl"] = () => Succeeds("silent-systemctl", $"systemctl={OwnFolder}/hang preflight"),
        ["count-required"] = () => CalledOff("count-required", $"systemctl={OwnFolder}/fail require-count preflight"),
        ["stale"] = () => Left("stale", "stale own", 1),
        ["no-memory"] = () => Left("no-memory", "no-memory", 0),
        ["activated"] = Activated,
        ["bad-version"] = BadVersion,
        ["removed"] = () => Damaged("removed", "at=Answered remove"),
        ["twice"] = () => Damaged("twice", "at=Answered twice"),
        ["other-user"] = OtherUser,
        ["stopped"] = Stopped,
        ["served-agent"] = ServedAgent.Lead,
        ["stored-agent"] = StoredAgent.Lead,
        ["unstored-agent"] = StoredAgent.LeadWithout,
    };

    public static void Run()
    {
        Script("hang", "sleep 1000");
        Script("fail", "echo no manager here >&2; exit 1");
        foreach (ServiceManagerPhase phase in Enum.GetValues<ServiceManagerPhase>())
            s_scenarios.Add($"killed-{phase}", () => Killed(phase));
        Parallel.ForEach(s_scenarios, new ParallelOptions { MaxDegreeOfParallelism = 4 }, static scenario => Run(scenario.Key, scenario.Value));

        // By itself, since the manager forgets how often it has started a unit whenever units are loaded again.
        Run("given-up", GivenUp);
    }

    private static void Run(string name, Func<string[]> scenario)
    {
        string[] lines = Try(scenario);
        lock (s_lock)
            Scenario.Say($"== {name}\n{string.Join('\n', lines)}");
    }

    private static string[] Try(Func<string[]> scenario)
    {
        try
        {
            return scenario();
        }
        catch (Exception exception)
        {
            return [exception.ToString()];
        }
    }

    private static string[] RestartTwice()
    {
        LabUnit unit = LabUnit.Start("restart", "events=320");
        using var client = new EchoClient(unit.Port());
        for (int generation = 2; generation <= 3; generation++)
        {
            client.Await(10_000);
            unit.Restart();
            unit.Port(generation);
        }

        client.Await(10_000);
        string answer = client.Finish();
        unit.AwaitStored(0);
        return [.. unit.Lines, answer];
    }

    private static string[] UpdateByItself()
    {
        LabUnit unit = LabUnit.Start("by-itself", "preflight");
        unit.Port();
        int before = unit.MainProcess;
        unit.Update();
        unit.Port(2);
        unit.AwaitStored(0);
        return [.. unit.Lines, $"same process {unit.MainProcess == before}"];
    }

    private static string[] Succeeds(string name, string arguments)
    {
        LabUnit unit = LabUnit.Start(name, arguments);
        unit.Port();
        unit.Update();
        unit.Port(2);
        return unit.Lines;
    }

    private static string[] CalledOff(string name, string arguments, params string[] settings)
    {
        LabUnit unit = LabUnit.Start(name, arguments, settings);
        using var client = new EchoClient(unit.Port());
        client.Await(1);
        unit.Update();
        unit.Await("goes on");
        client.Await(1_000);
        return [.. unit.Lines, client.Finish(), $"stored {unit.Stored}"];
    }

    private static string[] Killed(ServiceManagerPhase phase)
    {
        LabUnit unit = LabUnit.Start($"killed-{phase}", $"at={phase} die");
        unit.Port();
        unit.Update();
        unit.Port(2);
        unit.AwaitStored(0);
        return unit.Lines;
    }

    private static string[] Left(string name, string what, int stored)
    {
        LabUnit unit = LabUnit.Start(name, $"leave passed {what}");
        if (name == "no-memory")
        {
            unit.Await("LiveUpdateImageException", 2);
            string[] lines = unit.Lines;
            unit.Stop();
            return [.. lines.Take(3)];
        }

        unit.Port();
        unit.AwaitStored(stored);
        unit.Update();
        unit.Port(2);
        unit.AwaitStored(stored);
        return unit.Lines;
    }

    private static string[] Activated()
    {
        File.WriteAllLines($"{OwnFolder}/activated.socket", ["[Socket]", "ListenStream=/run/activated.sock", "FileDescriptorName=web"]);
        LabUnit unit = LabUnit.Write("activated", "passed");
        LabUnit.Systemctl("start", "activated.socket", unit.Name);
        unit.Port();
        unit.Restart();
        unit.Port(2);
        unit.AwaitStored(0);
        return unit.Lines;
    }

    private static string[] BadVersion()
    {
        LabUnit unit = LabUnit.Start("bad-version", "bad-version");
        unit.Port();
        unit.Restart();
        unit.Port(2);
        unit.AwaitStored(0);
        return unit.Lines;
    }

    private static string[] GivenUp()
    {
        LabUnit unit = LabUnit.Start("given-up", "preflight broken-version", "RestartSec=0", "StartLimitBurst=3", "StartLimitInterval=1000");
        unit.Port();
        unit.Update();
        unit.AwaitState("failed");
        return [.. unit.Lines, $"stored {unit.Stored}"];
    }

    private static string[] Damaged(string name, string arguments)
    {
        LabUnit unit = LabUnit.Start(name, arguments);
        unit.Port();
        unit.Update();
        unit.Await("LiveUpdateImageException", 2);
        string[] lines = unit.Lines;
        int stored = unit.Stored;
        unit.Stop();
        return [.. lines, $"kept {stored > 0}, after a stop {unit.Stored}"];
    }

    private static string[] OtherUser()
    {
        LabUnit unit = LabUnit.Start("other-user", "preflight", "User=65534");
        unit.Port();
        unit.Restart();
        unit.Port(2);
        unit.AwaitStored(0);
        return unit.Lines;
    }

    private static string[] Stopped()
    {
        LabUnit unit = LabUnit.Start("stopped", "");
        unit.Port();
        unit.Stop();
        unit.Await("handed over");
        int stored = unit.Stored;
        LabUnit.Systemctl("start", unit.Name);
        unit.Port(2);
        return [.. unit.Lines, $"stored {stored}"];
    }

    private static void Script(string name, string text)
    {
        string path = Path.Combine(OwnFolder, name);
        File.WriteAllText(path, $"#!/bin/sh\n{text}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
    }
}
