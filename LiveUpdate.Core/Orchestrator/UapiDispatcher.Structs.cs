using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace LiveUpdate;

/// <content>The rules of extensible structs: size first, unknown tail zero (reference U-02, U-05 to U-08, U-11, U-12).</content>
public sealed partial class UapiDispatcher
{
    private const int TailChunk = 512;

    private delegate UapiOutcome Operation<T>(ref T args)
        where T : unmanaged;

    private static bool TryReadSize(UserMemory argument, out uint size)
    {
        size = 0;
        return argument.TryRead(0, MemoryMarshal.AsBytes(new Span<uint>(ref size)));
    }

    /// <summary>Reads the struct, runs the operation, copies the answer back; takes the operation back if that fails.</summary>
    private static LiveUpdateError WithStruct<T>(UserMemory argument, uint size, Operation<T> operation)
        where T : unmanaged
    {
        int known = Unsafe.SizeOf<T>();
        if (size < known)
            return LiveUpdateError.InvalidArgument;
        LiveUpdateError tail = CheckTail(argument, known, size);
        if (tail != LiveUpdateError.None)
            return tail;
        T args = default;
        Span<byte> bytes = MemoryMarshal.AsBytes(new Span<T>(ref args));
        if (!argument.TryRead(0, bytes))
            return LiveUpdateError.BadAddress;
        UapiOutcome outcome = operation(ref args);
        if (outcome.Error != LiveUpdateError.None)
            return outcome.Error;
        if (!argument.TryWrite(0, bytes))
        {
            outcome.Undo?.Invoke();
            return LiveUpdateError.BadAddress;
        }

        outcome.Publish?.Invoke();
        return LiveUpdateError.None;
    }

    /// <summary>Whether every byte beyond the known part is 0; the first bad one by address decides (reference U-06, U-08).</summary>
    private static LiveUpdateError CheckTail(UserMemory argument, long offset, long end)
    {
        Span<byte> chunk = stackalloc byte[TailChunk];
        while (offset < end)
        {
            Span<byte> part = chunk[..(int)Math.Min(TailChunk, end - offset)];
            if (!argument.TryRead(offset, part))
            {
                part = part[..1];
                if (!argument.TryRead(offset, part))
                    return LiveUpdateError.BadAddress;
            }

            if (part.ContainsAnyExcept((byte)0))
                return LiveUpdateError.TooBig;
            offset += part.Length;
        }

        return LiveUpdateError.None;
    }
}
