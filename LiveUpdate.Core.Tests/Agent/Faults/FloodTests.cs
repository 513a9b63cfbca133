using System.Runtime.Versioning;
using LiveUpdate.Agent;
using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Agent.Faults;

/// <summary>A user who wants more than the limits: EDQUOT, and nothing else breaks, for that user or another.</summary>
[Platform(Include = "Linux", Reason = "The agent runs on Linux only.")]
[SupportedOSPlatform("linux")]
[Parallelizable(ParallelScope.All)]
public sealed class FloodTests
{
    private const int Flood = 100;
    private const uint User = 12_345;

    private static readonly string[] s_limits =
        ["--mode", "0666", "--max-sessions", "3", "--max-files", "4", "--max-bytes", "40960", "--max-connections", "5"];

    [Test]
    public async Task More_sessions_files_bytes_and_connections_than_allowed_are_refused()
    {
        await using LuodProcess luod = await LuodProcess.StartAsync(s_limits);
        await using WorkerProcess other = await WorkerProcess.StartAsync(luod.Directory, User);
        await other.DoAsync("create mine");

        List<AgentDevice> devices = Take(5, () => AgentDevice.Connect(luod.Directory));
        List<Session> sessions = Take(3, () => devices[0].CreateSession($"s{Guid.NewGuid()}"));
        ulong token = 0;
        List<TestMemfd> files = Take(4, () => Preserve(sessions[(int)(token % 3)], token++, 4096));
        await other.DoAsync("preserve mine 1 text");

        // A file that was refused counts for nothing, and what is closed makes room again.
        sessions[0].Close();
        files.AddRange(Take(2, () => Preserve(sessions[1], token++, 4096)));
        sessions[1].Close();
        sessions[0] = devices[0].CreateSession("again");
        files.AddRange(Take(1, () => Preserve(sessions[0], 0, 9 * 4096), bytes: () => Preserve(sessions[0], 1, (10 * 4096) + 1)));
        sessions[2].Close();
        devices[4].Dispose();
        devices[4] = await Eventually.GetAsync(() => AgentDevice.Connect(luod.Directory), LiveUpdateError.QuotaExceeded);
        await other.DoAsync("create too");

        devices.ForEach(static device => device.Dispose());
        sessions.ForEach(static session => session.Dispose());
        files.ForEach(static file => file.Handle.Dispose());
        await using AgentClient client = await luod.ConnectAsync();
        await Eventually.DoesAsync(() => client.GetStatusAsync().Result is { OutgoingSessions: 2, Files: 1, DeviceConnections: 1 });
    }

    [Test]
    public async Task Connections_to_the_update_socket_have_a_limit_of_their_own()
    {
        await using LuodProcess luod = await LuodProcess.StartAsync(s_limits);
        List<AgentClient> clients = [];
        LiveUpdateException? refusal = null;
        for (int i = 0; i < Flood; i++)
        {
            try
            {
                clients.Add(await AgentClient.ConnectAsync(luod.Directory));
            }
            catch (LiveUpdateException exception)
            {
                refusal ??= exception;
                Assert.That(exception.Error, Is.EqualTo(LiveUpdateError.QuotaExceeded));
            }
        }

        // The one that the fixture waited with may count for a moment still.
        Assert.That(clients, Has.Count.InRange(4, 5));
        Assert.That(refusal!.Message, Does.Contain("no more connections"));
        using AgentDevice device = AgentDevice.Connect(luod.Directory);
        device.CreateSession("s").Close();
        foreach (AgentClient client in clients)
            await client.DisposeAsync();
        await (await luod.ConnectAsync()).DisposeAsync();
    }

    private static TestMemfd Preserve(Session session, ulong token, long length)
    {
        var file = new TestMemfd();
        try
        {
            RandomAccess.SetLength(file.Handle, length);
            session.Preserve(token, file.Handle);
            return file;
        }
        catch
        {
            file.Handle.Dispose();
            throw;
        }
    }

    /// <summary>Asks until so many were given, and many times more, which are refused.</summary>
    private static List<T> Take<T>(int limit, Func<T> ask, Func<T>? bytes = null)
    {
        List<T> taken = [];
        while (taken.Count < limit)
            taken.Add(ask());
        for (int i = 0; i < Flood; i++)
            Refused.With(LiveUpdateError.QuotaExceeded, () => (bytes ?? ask)());
        return taken;
    }
}
