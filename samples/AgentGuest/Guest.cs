using System.IO.Hashing;
using LiveUpdate.Agent;
using LiveUpdate.Kho;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Samples.AgentGuest;

/// <summary>The guest: between updates it writes its memory; from ready to claimed it rests.</summary>
internal sealed class Guest : AgentSubscriber, IDisposable
{
    private const int MemoryToken = 1;

    private readonly AgentClient _agent;
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Random _random = new();
    private KhoMemory _memory;
    private Session? _session;
    private ulong _checksum;
    private int _updatesLeft;

    public Guest(AgentClient agent, string name, int megabytes, int updates)
    {
        (_agent, Name, _updatesLeft) = (agent, name, updates);
        _memory = KhoMemory.CreateShared((long)megabytes << 20, name);
        Write();
        Console.WriteLine($"{Name}: {megabytes} MiB of memory, written; process {Environment.ProcessId}");
    }

    /// <summary>The name of the guest.</summary>
    public string Name { get; }

    /// <summary>Ends when all updates are over, or something is lost.</summary>
    public Task Completion => _completion.Task;

    /// <inheritdoc/>
    public override ValueTask PrepareAsync(AgentPreparation preparation, CancellationToken cancellationToken)
    {
        Write();
        _checksum = ComputeChecksum();
        using AgentDevice device = _agent.OpenDevice();
        _session = device.CreateSession(Name);
        _session.Preserve(MemoryToken, _memory.SharedFile!);
        Console.WriteLine($"{Name}: at rest for update {preparation.Update}, checksum {_checksum:x16}");

        // What comes back is another descriptor: this one is let go, as by a program that ends here.
        _memory.Dispose();
        return default;
    }

    /// <inheritdoc/>
    public override ValueTask CalledOffAsync(ulong update, LiveUpdateException reason, CancellationToken cancellationToken)
    {
        Console.WriteLine($"{Name}: update {update} is called off: {reason.Message}");
        _completion.TrySetException(reason);
        return default;
    }

    /// <inheritdoc/>
    public override ValueTask ClaimAsync(AgentClaim claim, CancellationToken cancellationToken)
    {
        using AgentDevice device = _agent.OpenDevice();
        using (Session session = device.RetrieveSession(Name))
        {
            _memory = KhoMemory.OpenShared(session.Retrieve<SafeFileHandle>(MemoryToken));
            session.Finish();
        }

        ulong found = ComputeChecksum();
        if (found != _checksum)
            throw new GuestLostException($"after update {claim.Update} the checksum is {found:x16}, and was {_checksum:x16}");
        Console.WriteLine($"{Name}: every byte is there after update {claim.Update}, checksum {found:x16}");
        if (--_updatesLeft == 0)
            _completion.TrySetResult();
        return default;
    }

    /// <inheritdoc/>
    public override void OnFailed(Exception exception) => _completion.TrySetException(exception);

    /// <inheritdoc/>
    public void Dispose()
    {
        _session?.Dispose();
        _memory.Dispose();
    }

    private void Write() => _random.NextBytes(_memory.GetSpan(_memory.Base, (int)_memory.Length));

    private ulong ComputeChecksum() => XxHash3.HashToUInt64(_memory.GetSpan(_memory.Base, (int)_memory.Length));
}
