using System.Buffers;

namespace LiveUpdate;

/// <summary>One range of a state in a <see cref="ReadOnlySequence{T}"/>.</summary>
internal sealed class StateSegment : ReadOnlySequenceSegment<byte>
{
    /// <summary>Makes a segment and links it to the one before it.</summary>
    public StateSegment(ReadOnlyMemory<byte> memory, StateSegment? previous)
    {
        Memory = memory;
        if (previous is null)
            return;
        RunningIndex = previous.RunningIndex + previous.Memory.Length;
        previous.Next = this;
    }
}
