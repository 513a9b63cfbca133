using System.Globalization;
using System.Runtime.InteropServices;
using LiveUpdate.Agent;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging;

namespace LiveUpdate.Samples.Luod;

/// <summary>The daemon itself: one Main serves every generation of it.</summary>
internal static class AgentProcess
{
    private const UnixFileMode DirectoryMode =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute |
        UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    public static async Task<int> RunAsync(LuodSettings settings)
    {
        using ILoggerFactory logging = LuodLogging.Create(settings);
        ILogger logger = logging.CreateLogger("luod");
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using PosixSignalRegistration terminate = OnSignal(PosixSignal.SIGTERM, told);
        using PosixSignalRegistration interrupt = OnSignal(PosixSignal.SIGINT, told);
        var manager = new SystemdNotifier();
        Directory.CreateDirectory(settings.Server.Directory, DirectoryMode);
        (settings.Server.Store, settings.Server.Logger) = (AgentStore.Find(), logging.CreateLogger("luod.agent"));
        await using var server = new AgentServer(MakeBackEnd(settings, logger), settings.Server);
        await server.StartAsync();
        if (!server.KeepsState)
            LuodLog.KeepsNothing(logger);
        LuodLog.Serving(logger, settings.Server.Directory, settings.BackEnd.ToString(), server.Generation, Environment.ProcessId);

        // After an update the service has another main process.
        manager.Notify(new ServiceState(string.Create(CultureInfo.InvariantCulture, $"MAINPID={Environment.ProcessId}\nREADY=1")));
        if (await Task.WhenAny(told.Task, server.Completion) == told.Task)
        {
            LuodLog.Stopping(logger);
            manager.Notify(ServiceState.Stopping);
            await server.StopAsync();
            return 0;
        }

        try
        {
            await server.Completion;
            LuodLog.Replaced(logger);
            return 0;
        }
        catch (LiveUpdateException exception)
        {
            LuodLog.Lost(logger, exception);
            return 1;
        }
    }

    private static AgentBackEnd MakeBackEnd(LuodSettings settings, ILogger logger) => settings.BackEnd == LuodBackEnd.Kernel
        ? AgentBackEnd.Kernel(new AgentKernelOptions { DevicePath = settings.Device, DiscardsUnfinished = settings.DiscardsUnfinished })
        : AgentBackEnd.Managed(() => new LiveUpdateOptions
        {
            Handlers = { new MemfdHandler() },
            MemorySize = settings.Memory,
            DiscardUnfinished = settings.DiscardsUnfinished,
            Logger = logger,
        });

    private static PosixSignalRegistration OnSignal(PosixSignal signal, TaskCompletionSource told) =>
        PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            told.TrySetResult();
        });
}
