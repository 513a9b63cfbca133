using LiveUpdate.Agent;
using LiveUpdate.Machine.Contract;
using LiveUpdate.Machine.Update;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Machine.Agent;

/// <summary>A program that keeps two memfds across the kernel: what it preserved before the kexec it finds after it.</summary>
internal sealed class AgentProgram(AgentClient agent, int stage, string name) : AgentSubscriber
{
    private const int LargeLength = 4 << 20;

    private Session? _session;

    public override ValueTask PrepareAsync(AgentPreparation preparation, CancellationToken cancellationToken)
    {
        using AgentDevice device = agent.OpenDevice();
        _session = device.CreateSession(name);
        using SafeFileHandle small = Memfd.Create(Small(stage)), large = Memfd.Create(Large(stage));
        _session.Preserve(1, small);
        _session.Preserve(2, large);
        Console.WriteLine($"PRESERVED {name} in stage {stage}");
        return default;
    }

    public override ValueTask CalledOffAsync(ulong update, LiveUpdateException reason, CancellationToken cancellationToken)
    {
        Console.WriteLine($"CALLED OFF {name}: {reason.Message}");
        _session?.Dispose();
        return default;
    }

    public override ValueTask ClaimAsync(AgentClaim claim, CancellationToken cancellationToken)
    {
        using AgentDevice device = agent.OpenDevice();
        using Session session = device.RetrieveSession(name);
        Check.Equal(Small(stage - 1), Memfd.Read(session, 1), $"the small file of {name}");
        Check.Equal(true, Large(stage - 1) == Memfd.Read(session, 2), $"the large file of {name} is as it was");
        session.Finish();
        Console.WriteLine($"CLAIMED {name} in stage {stage}");
        return default;
    }

    public override void OnFailed(Exception exception) => Console.WriteLine($"FAILED {name}: {exception}");

    private string Small(int of) => $"{name} of stage {of}";

    private string Large(int of) => string.Concat(Enumerable.Repeat(Small(of), LargeLength / Small(of).Length));
}
