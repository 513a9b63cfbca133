using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.TestHost.Successor;

/// <summary>
/// The old side of the stream to a successor that is a process of this program, message by message: what keeps to the protocol, for
/// predecessors that do not.
/// </summary>
internal sealed class PredecessorSide : IDisposable
{
    private const int GoLength = 16;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    /// <summary>Starts the successor and waits for its hello.</summary>
    public PredecessorSide(params string[] arguments)
    {
        Channel = SuccessorLauncher.Start(new SuccessorOptions { Arguments = arguments });
        Expect(SuccessorMessage.Hello);
    }

    public SuccessorChannel Channel { get; }

    public void SendMemory(params SafeHandle[] files) => Channel.Send(SuccessorMessage.Memory, Deadline.Never, default, files);

    public void SendDescriptors(FrozenGeneration generation)
    {
        int[] slots = [.. Enumerable.Range(0, generation.Engine.Descriptors.SlotCount)];
        SendDescriptors(slots, [.. slots.Select(slot => generation.Engine.Descriptors.Outgoing[slot]!)]);
    }

    public void SendDescriptors(int[] slots, SafeHandle[] files) =>
        Channel.Send(SuccessorMessage.Descriptors, Deadline.Never, MemoryMarshal.AsBytes<int>(slots), files);

    /// <summary>Has the successor count what it got.</summary>
    public void Synchronize(FrozenGeneration generation)
    {
        Send(SuccessorMessage.Synchronize, BitConverter.GetBytes(generation.Engine.Memory.UsedBytes));
        Expect(SuccessorMessage.Synchronized);
    }

    public void SendGo(FrozenGeneration generation) =>
        SendGo(generation.Engine.Descriptors.SlotCount, generation.Engine.Descriptors.Count, generation.Number);

    public void SendGo(int slots, int descriptors, ulong number)
    {
        Span<byte> go = stackalloc byte[GoLength];
        BinaryPrimitives.WriteInt32LittleEndian(go, slots);
        BinaryPrimitives.WriteInt32LittleEndian(go[4..], descriptors);
        BinaryPrimitives.WriteUInt64LittleEndian(go[8..], number);
        Send(SuccessorMessage.Go, go);
    }

    /// <summary>Everything up to the go.</summary>
    public void SendAll(FrozenGeneration generation, SafeFileHandle? memory = null)
    {
        SendMemory(memory ?? generation.Memory.SharedFile!);
        SendDescriptors(generation);
        Synchronize(generation);
        SendGo(generation);
    }

    public void Send(SuccessorMessage kind, ReadOnlySpan<byte> payload = default) => Channel.Send(kind, Deadline.Never, payload);

    /// <summary>Sends bytes as they are.</summary>
    public void SendRaw(ReadOnlySpan<byte> bytes, params SafeHandle[] files) => DescriptorPassing.Send(Channel.Socket, bytes, files, Deadline.Never);

    /// <summary>Sends a header that stands for more than follows.</summary>
    public void SendHeader(SuccessorMessage kind, int length, int descriptors, ushort version = SuccessorHeader.CurrentVersion)
    {
        Span<byte> header = stackalloc byte[SuccessorHeader.Size];
        new SuccessorHeader(version, kind, length, descriptors).Write(header);
        SendRaw(header);
    }

    public SuccessorMessage Receive() => Channel.Receive(Deadline.After(s_patience));

    public void Expect(SuccessorMessage expected)
    {
        if (Receive() is var kind && kind != expected)
            throw new InvalidOperationException($"The successor answered {kind} where {expected} was due.");
    }

    /// <summary>Says what the successor answers until it closes its end, and how it ends.</summary>
    public void SayTheRest()
    {
        try
        {
            while (true)
            {
                SuccessorMessage kind = Channel.Receive(Deadline.After(s_patience));
                string error = kind == SuccessorMessage.Failed ? $" {SuccessorFailure.Read(Channel.PayloadMemory).Error}" : "";
                Scenario.Say($"answered {kind}{error}");
            }
        }
        catch (LiveUpdateException exception) when (exception.Error == LiveUpdateError.BrokenPipe)
        {
            Scenario.Say($"successor ended with {AwaitEnd()}");
        }
        catch (LiveUpdateException exception)
        {
            Scenario.Say($"no answer: {exception.Message}");
        }
    }

    /// <summary>How the successor ends.</summary>
    public string AwaitEnd() => Channel.Peer.Reap((int)s_patience.TotalMilliseconds) ?? "nothing: it hangs";

    public void Dispose()
    {
        Channel.Peer.TryKill();
        Channel.Peer.Reap();
        Channel.Dispose();
    }
}
