using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Benchmarks.Agent;

/// <summary>An orchestrator with incoming sessions full of memfds, which came from another one in this process.</summary>
internal sealed class IncomingFiles : IDisposable
{
    private const long Memory = 8 << 20;

    private readonly LiveUpdateOrchestrator _orchestrator;
    private readonly List<SafeFileHandle> _files = [];

    private IncomingFiles(int sessions, int filesPerSession)
    {
        using LiveUpdateOrchestrator before = LiveUpdateOrchestrator.Boot(CreateOptions(Memory));
        using LiveUpdateDevice device = before.OpenDevice();
        for (int i = 0; i < sessions; i++)
        {
            Session session = device.CreateSession(ServingAgent.NameOf(i));
            SafeFileHandle[] files = Memfd.CreateMany(filesPerSession);
            _files.AddRange(files);
            for (int token = 0; token < files.Length; token++)
                session.Preserve((ulong)token, files[token]);
        }

        _orchestrator = before.HandOver(HandoverTarget.InProcess(CreateOptions(memory: null))).Next;
    }

    /// <summary>Makes one.</summary>
    /// <param name="sessions">How many sessions it has, named by <see cref="ServingAgent.NameOf"/>.</param>
    /// <param name="filesPerSession">How many files are in each, with tokens from 0 on.</param>
    public static IncomingFiles HandOver(int sessions, int filesPerSession) => new(sessions, filesPerSession);

    /// <summary>Options that take memfds.</summary>
    /// <param name="memory">The bytes of preserved memory; null where it comes from the predecessor.</param>
    public static LiveUpdateOptions CreateOptions(long? memory) => memory is { } bytes
        ? new() { Handlers = { new MemfdHandler() }, DiscardUnfinished = true, MemorySize = bytes }
        : new() { Handlers = { new MemfdHandler() }, DiscardUnfinished = true };

    /// <summary>Opens the device.</summary>
    public LiveUpdateDevice OpenDevice() => _orchestrator.OpenDevice();

    /// <inheritdoc/>
    public void Dispose()
    {
        _orchestrator.Dispose();
        Memfd.CloseAll(_files);
    }
}
