using LiveUpdate.Abi;
using LiveUpdate.Kho;

namespace LiveUpdate.TestHost.Successor;

/// <summary>
/// A generation with the usual content, frozen for a hand-over to a successor: what a predecessor has that sends it by hand.
/// </summary>
internal sealed class FrozenGeneration : IDisposable
{
    private readonly SuccessorContent _content = SuccessorContent.Create();
    private readonly LiveUpdateDevice _device;

    public FrozenGeneration()
    {
        Memory = KhoMemory.CreateShared(1 << 20);
        Engine = LiveUpdateEngine.Attach(Memory, LiveUpdateOrchestrator.ToEngineOptions(SuccessorLife.Options()));
        Engine.Activate();
        _device = Engine.OpenDevice();
        _content.Preserve(_device.CreateSession(SuccessorLife.SessionName));
        Engine.CloseGate(CancellationToken.None);
        Freeze();
    }

    public KhoMemory Memory { get; }

    public LiveUpdateEngine Engine { get; }

    /// <summary>The number of the hand-over.</summary>
    public ulong Number => Engine.Number + 1;

    public void Freeze() => Engine.FreezeAndSerialize(new FreezeProgress(), new HandoverRun(LuoCoreTarget.Successor));

    /// <summary>The same image in memory of its own.</summary>
    public KhoMemory Copy()
    {
        KhoMemory copy = KhoMemory.CreateShared(Memory.Length);
        Memory.GetSpan(Memory.Base, (int)Memory.Length).CopyTo(copy.GetSpan(copy.Base, (int)copy.Length));
        return copy;
    }

    public void Dispose()
    {
        Engine.Thaw();
        Engine.Gate.Open();
        Engine.Dispose();
        _device.Dispose();
        _content.Dispose();
        Memory.Dispose();
    }
}
