using LiveUpdate.Kho;

namespace LiveUpdate.Tests.Handlers;

/// <summary>One program over several generations in this process, each with handlers of its own.</summary>
internal sealed class Lives : IDisposable
{
    private readonly Func<IEnumerable<FileHandler>> _handlers;

    public Lives(Func<IEnumerable<FileHandler>> handlers, long memorySize = 4L << 20)
    {
        _handlers = handlers;
        Memory = KhoMemory.Allocate(memorySize);
        Now = LiveUpdateOrchestrator.Boot(Options());
        Device = Now.OpenDevice();
    }

    public KhoMemory Memory { get; }

    public LiveUpdateOrchestrator Now { get; private set; }

    public LiveUpdateDevice Device { get; private set; }

    /// <summary>The pages in use by anybody but the orchestrator itself.</summary>
    public long PagesOf(string owner) => Now.Memory.GetAccount().Owners.Where(entry => entry.Name == owner).Sum(entry => entry.Pages);

    /// <summary>The blocks of the predecessor that nobody has restored.</summary>
    public int Unrestored => Now.Memory.GetAccount().Unrestored.Count;

    /// <summary>Goes on as the next generation; if that is refused, as this one.</summary>
    public void Update(IEnumerable<FileHandler>? handlers = null)
    {
        LiveUpdateOptions options = Options();
        if (handlers is not null)
        {
            options.Handlers.Clear();
            foreach (FileHandler handler in handlers)
                options.Handlers.Add(handler);
        }

        LiveUpdateOrchestrator next = Now.HandOver(HandoverTarget.InProcess(options)).Next;
        Device.Dispose();
        Now.Dispose();
        Now = next;
        Device = next.OpenDevice();
    }

    public void Dispose()
    {
        Device.Dispose();
        Now.Dispose();
        Memory.Dispose();
    }

    private LiveUpdateOptions Options()
    {
        var options = new LiveUpdateOptions { Memory = Memory };
        foreach (FileHandler handler in _handlers())
            options.Handlers.Add(handler);
        return options;
    }
}
