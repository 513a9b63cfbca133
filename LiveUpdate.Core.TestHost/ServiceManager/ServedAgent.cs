using LiveUpdate.Agent;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.TestHost.ServiceManager;

/// <summary>luod as a service with a store, which is killed, restarted and stopped under a client.</summary>
internal static class ServedAgent
{
    private const string Folder = "/run/served-agent";

    public static string[] Lead()
    {
        string luod = Path.Combine(AppContext.BaseDirectory, "luod.dll");
        LabUnit unit = LabUnit.Start("served-agent", "", $"ExecStart={ThisProgram.File} {luod} --directory {Folder}", "Type=notify");
        List<string> lines = [];
        using AgentDevice device = AgentDevice.Connect(Folder);
        using Session session = device.CreateSession("s");
        Preserve(1);
        int process = unit.MainProcess;
        LabUnit.Systemctl("kill", "--signal=KILL", "--kill-who=main", unit.Name);
        Preserve(2);
        lines.Add($"same process {unit.MainProcess == process}");
        process = unit.MainProcess;
        unit.Restart();
        Preserve(3);
        lines.Add($"same process {unit.MainProcess == process}");
        Say("create s", () => device.CreateSession("s").Dispose());
        using SafeFileHandle twice = Libc.Memfd(1, 0);
        Say("preserve 4", () => session.Preserve(4, twice));
        Say("preserve it as 5", () => session.Preserve(5, twice));
        lines.Add($"stored {unit.Stored}");
        lines.Add(Describe());
        unit.Stop();
        Preserve(6);
        return [.. lines];

        void Preserve(ulong token)
        {
            using SafeFileHandle file = Libc.Memfd(1, 0);
            Say($"preserve {token}", () => session.Preserve(token, file));
        }

        void Say(string what, Action action)
        {
            try
            {
                action();
                lines.Add(what);
            }
            catch (LiveUpdateException exception)
            {
                lines.Add($"{what}: {exception.Error}");
            }
        }
    }

    private static string Describe()
    {
        AgentClient client = AgentClient.ConnectAsync(Folder).GetAwaiter().GetResult();
        try
        {
            AgentStatus status = client.GetStatusAsync().GetAwaiter().GetResult();
            return $"keeps {client.Agent.KeepsState}, sessions {status.OutgoingSessions}, files {status.Files}";
        }
        finally
        {
            client.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }
}
