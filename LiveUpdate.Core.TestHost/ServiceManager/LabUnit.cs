using System.Diagnostics;

namespace LiveUpdate.TestHost.ServiceManager;

/// <summary>A unit of the service manager beside which this process runs, whose service is this program again.</summary>
internal sealed class LabUnit
{
    // Nothing here takes seconds; the machine may be busy with something else.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly string _name;
    private readonly string _output;

    private LabUnit(string name) => (_name, _output) = (name, $"/run/{name}.out");

    public string Name => $"{_name}.service";

    public string[] Lines => File.Exists(_output) ? File.ReadAllLines(_output) : [];

    /// <summary>The number of descriptors in its store.</summary>
    public int Stored => int.Parse(Show("NFileDescriptorStore"));

    public int MainProcess => int.Parse(Show("MainPID"));

    /// <summary>Writes and starts it.</summary>
    /// <param name="name">The unit, without its suffix.</param>
    /// <param name="arguments">What the program is asked for.</param>
    /// <param name="settings">Settings of the unit beside the usual ones, which they may replace.</param>
    public static LabUnit Start(string name, string arguments, params string[] settings)
    {
        LabUnit unit = Write(name, arguments, settings);
        Systemctl("start", unit.Name);
        return unit;
    }

    /// <summary>Writes it.</summary>
    public static LabUnit Write(string name, string arguments, params string[] settings)
    {
        var unit = new LabUnit(name);
        string[] usual =
        [
            "FileDescriptorStoreMax=1000", $"ExecStart={Command} {arguments}", "Restart=always", "RestartSec=0", "StartLimitBurst=0",
            $"Environment=UNIT={name} DOTNET_EnableDiagnostics=0", $"StandardOutput=append:{unit._output}",
            $"StandardError=append:{unit._output}",
        ];
        string[] replaced = [.. settings.Select(static setting => setting.Split('=')[0]).Where(static key => key != "Environment")];
        IEnumerable<string> kept = usual.Where(line => !replaced.Contains(line.Split('=')[0]));
        File.WriteAllLines($"/etc/systemd/system/{unit.Name}", ["[Service]", .. kept, .. settings]);
        Systemctl("daemon-reload");
        return unit;
    }

    /// <summary>This program, as a unit starts it.</summary>
    public static string Command => $"{ThisProgram.File} {string.Join(' ', ThisProgram.With("service"))}";

    public static string Systemctl(params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo("systemctl", arguments) { RedirectStandardOutput = true })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output.Trim();
    }

    public string Show(string property) => Systemctl("show", "--value", $"--property={property}", Name);

    public void Restart() => Systemctl("restart", Name);

    public void Stop() => Systemctl("stop", Name);

    /// <summary>Lets the program hand over by itself.</summary>
    public void Update() => Systemctl("kill", "--signal=HUP", "--kill-who=all", Name);

    /// <summary>Waits until it has printed so many lines that begin like this.</summary>
    /// <returns>The last of them.</returns>
    public string Await(string beginning, int count = 1, TimeSpan? patience = null)
    {
        string[] found = [];
        Await(Find, $"\"{beginning}\" {count} times", patience);
        return found[count - 1];

        bool Find()
        {
            found = [.. Lines.Where(line => line.StartsWith(beginning, StringComparison.Ordinal))];
            return found.Length >= count;
        }
    }

    /// <summary>Waits until its store holds so many.</summary>
    public void AwaitStored(int count) => Await(() => Stored == count, $"{count} descriptors in the store");

    /// <summary>Waits until the manager says this of it.</summary>
    public void AwaitState(string state) => Await(() => Show("ActiveState") == state, state);

    /// <summary>The port on which its service listens, as it said the last time.</summary>
    public int Port(int generation = 1) => int.Parse(Await("port ", generation)[5..]);

    private void Await(Func<bool> condition, string what, TimeSpan? patience = null)
    {
        long started = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(started) > (patience ?? s_patience))
                throw new TimeoutException($"{_name} has not come to {what}; it has printed:\n{string.Join('\n', Lines)}");
            Thread.Sleep(20);
        }
    }
}
