using LiveUpdate.Kho;

namespace LiveUpdate.Tests.Infrastructure;

/// <summary>One generation of a scenario on small memory, and the ones that follow it; disposing the first ends them all.</summary>
internal sealed class Generation : IDisposable
{
    /// <summary>Room for a few hundred sessions and files.</summary>
    public const long SmallMemory = 1L << 20;

    private readonly List<IDisposable> _owned = [];
    private readonly FileHandler[] _handlers;
    private LiveUpdateDevice? _device;

    private Generation(LiveUpdateOrchestrator luo, FileHandler[] handlers) => (Luo, _handlers) = (luo, handlers);

    public LiveUpdateOrchestrator Luo { get; }

    public LiveUpdateEngine Engine => Luo.Engine;

    /// <summary>What it holds now.</summary>
    public Held Held => Held.By(Engine);

    /// <summary>The control device; opened when first asked for, and then open.</summary>
    public LiveUpdateDevice Device => _device ??= Luo.OpenDevice();

    /// <summary>A cold start.</summary>
    public static Generation Boot(params FileHandler[] handlers) => Boot(SmallMemory, handlers);

    /// <summary>A cold start on memory of a certain size in bytes.</summary>
    public static Generation Boot(long memorySize, params FileHandler[] handlers)
    {
        KhoMemory memory = KhoMemory.Allocate(memorySize);
        try
        {
            Generation generation = Boot(memory, handlers);
            generation._owned.Add(memory);
            return generation;
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    /// <summary>A start from memory of the caller's, which may hold a hand-over.</summary>
    public static Generation Boot(KhoMemory memory, params FileHandler[] handlers)
    {
        LiveUpdateOptions options = Options(handlers);
        options.Memory = memory;
        return new Generation(LiveUpdateOrchestrator.Boot(options), handlers);
    }

    /// <summary>Options with handlers, for the next generation; unfinished sessions are dropped, as the kernel does.</summary>
    public static LiveUpdateOptions Options(params FileHandler[] handlers)
    {
        var options = new LiveUpdateOptions { DiscardUnfinished = true };
        foreach (FileHandler handler in handlers)
            options.Handlers.Add(handler);
        return options;
    }

    /// <summary>C(n).</summary>
    public Session Create(string name) => Device.CreateSession(name);

    /// <summary>R(n).</summary>
    public Session Retrieve(string name) => Device.RetrieveSession(name);

    /// <summary>P(s,i) for each number, the token being the number.</summary>
    public static void Preserve(Session session, params int[] numbers)
    {
        foreach (int number in numbers)
            session.Preserve(Token.From(number), new TestFile(number));
    }

    /// <summary>U, with the same handlers: the next generation, its control device open.</summary>
    public Generation Update() => Update(_handlers);

    /// <summary>U with these handlers.</summary>
    public Generation Update(params FileHandler[] handlers) => Update(Options(handlers));

    /// <summary>U with these options; the control device is opened.</summary>
    public Generation Update(LiveUpdateOptions options)
    {
        LiveUpdateOrchestrator next = Luo.HandOver(HandoverTarget.InProcess(options)).Next;
        var generation = new Generation(next, [.. options.Handlers]);
        _owned.Add(generation);
        Assert.That(generation.Device, Is.Not.Null);
        return generation;
    }

    /// <summary>Z that succeeds, and nobody who follows yet: the image in memory, to look at, to damage and to boot from.</summary>
    public HandedOverImage Stop()
    {
        Luo.HandOver(new StopTarget());
        return new HandedOverImage(Engine.Memory.Memory, this);
    }

    /// <summary>Hands something to this generation to dispose with it.</summary>
    public T Own<T>(T owned)
        where T : IDisposable
    {
        _owned.Add(owned);
        return owned;
    }

    /// <summary>Ends it and all that follow.</summary>
    public void Dispose()
    {
        foreach (Generation next in _owned.OfType<Generation>().Reverse())
            next.Dispose();
        Luo.Dispose();
        foreach (IDisposable owned in Enumerable.Reverse(_owned).Where(static owned => owned is not Generation))
            owned.Dispose();
    }
}
