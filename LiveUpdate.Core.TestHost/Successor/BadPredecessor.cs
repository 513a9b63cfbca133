using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.TestHost.Successor;

/// <summary>
/// A predecessor that does not keep to the protocol: <c>bad-predecessor HOW</c> starts an ordinary successor, sends it something, and
/// says what it answers and how it ends.
/// </summary>
internal static class BadPredecessor
{
    private const int RequiredSeals = 6;
    private const int WriteSeal = 8;

    private static readonly Dictionary<string, Action<PredecessorSide, FrozenGeneration>> s_ways = new()
    {
        ["garbage"] = static (side, _) => side.SendRaw("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"u8),
        ["newer-version"] = static (side, _) => side.SendHeader(SuccessorMessage.Memory, 0, 0, version: 2),
        ["half-header"] = static (side, _) => Close(side, "LSUC\u0001\0"u8),
        ["half-message"] = static (side, _) =>
        {
            side.SendHeader(SuccessorMessage.Go, 16, 0);
            Close(side, "half"u8);
        },
        ["early-close"] = static (side, _) => Close(side, []),
        ["too-long"] = static (side, _) => side.SendHeader(SuccessorMessage.Descriptors, int.MaxValue, 0),
        ["phantom-descriptors"] = static (side, _) => side.SendHeader(SuccessorMessage.Memory, 0, 1),
        ["negative-descriptors"] = static (side, _) => side.SendHeader(SuccessorMessage.Memory, 0, -1),
        ["unknown-message"] = static (side, _) => side.Send((SuccessorMessage)99),
        ["own-message"] = static (side, _) => side.Send(SuccessorMessage.Hello),
        ["refused"] = static (side, _) => side.Send(SuccessorMessage.Refused, new SuccessorFailure(LiveUpdateError.Busy, "not now").Write()),
        ["refused-without-reason"] = static (side, _) => side.Send(SuccessorMessage.Refused, [0xc1, 0xff]),
        ["refused-with-no-errno"] = static (side, _) => side.Send(SuccessorMessage.Refused, new SuccessorFailure((LiveUpdateError)(-7), "odd").Write()),

        ["memory-unsealed"] = static (side, _) => SendMemory(side, 1 << 20, seals: 0),
        ["memory-may-grow"] = static (side, _) => SendMemory(side, 1 << 20, seals: 2),
        ["memory-write-sealed"] = static (side, _) => SendMemory(side, 1 << 20, RequiredSeals | WriteSeal),
        ["memory-too-small"] = static (side, _) => SendMemory(side, 4096, RequiredSeals),
        ["memory-empty"] = static (side, _) => SendMemory(side, 0, RequiredSeals),
        ["memory-of-half-a-page"] = static (side, _) => SendMemory(side, 6000, RequiredSeals),
        ["memory-regular-file"] = static (side, _) =>
        {
            using SafeFileHandle file = File.OpenHandle(ThisProgram.File);
            side.SendMemory(file);
        },
        ["memory-pipe"] = static (side, _) =>
        {
            using var pipe = new System.IO.Pipes.AnonymousPipeServerStream();
            side.SendMemory(pipe.SafePipeHandle);
        },
        ["memory-none"] = static (side, _) => side.SendMemory(),
        ["memory-two"] = static (side, image) => side.SendMemory(image.Memory.SharedFile!, image.Memory.SharedFile!),
        ["memory-twice"] = static (side, image) =>
        {
            side.SendMemory(image.Memory.SharedFile!);
            side.SendMemory(image.Memory.SharedFile!);
        },
        ["memory-blank"] = static (side, image) =>
        {
            SendMemory(side, 1 << 20, RequiredSeals);
            side.SendDescriptors(image);
            side.Synchronize(image);
            side.SendGo(image);
        },

        ["slot-in-use"] = static (side, image) => side.SendDescriptors([0, 0], [image.Memory.SharedFile!, image.Memory.SharedFile!]),
        ["slot-negative"] = static (side, image) => side.SendDescriptors([-1], [image.Memory.SharedFile!]),
        ["slot-too-high"] = static (side, image) => side.SendDescriptors([int.MaxValue], [image.Memory.SharedFile!]),
        ["more-slots-than-descriptors"] = static (side, image) => side.SendDescriptors([0, 1], [image.Memory.SharedFile!]),
        ["more-descriptors-than-slots"] = static (side, image) => side.SendDescriptors([0], [image.Memory.SharedFile!, image.Memory.SharedFile!]),
        ["half-a-slot"] = static (side, image) => side.Channel.Send(SuccessorMessage.Descriptors, Deadline.Never, [0, 0], [image.Memory.SharedFile!]),
        ["descriptor-beside-synchronize"] = static (side, image) => SendWithDescriptor(side, image, SuccessorMessage.Synchronize, 8),
        ["descriptor-beside-close"] = static (side, image) => SendWithDescriptor(side, image, SuccessorMessage.Close, 4),
        ["descriptor-beside-go"] = static (side, image) => SendWithDescriptor(side, image, SuccessorMessage.Go, 16),
        ["a-thousand-descriptors-beside-one"] = static (side, image) => SendTooMany(side, image),

        ["close-empty"] = static (side, _) => side.Send(SuccessorMessage.Close, [7, 0, 0, 0]),
        ["close-negative"] = static (side, _) => side.Send(SuccessorMessage.Close, [255, 255, 255, 255]),
        ["close-twice"] = static (side, image) =>
        {
            side.SendDescriptors([3], [image.Memory.SharedFile!]);
            side.Send(SuccessorMessage.Close, [3, 0, 0, 0]);
            side.Send(SuccessorMessage.Close, [3, 0, 0, 0]);
        },
        ["close-long"] = static (side, _) => side.Send(SuccessorMessage.Close, [0, 0, 0, 0, 0, 0, 0, 0]),

        ["go-without-memory"] = static (side, image) => side.SendGo(image),
        ["go-without-synchronize"] = static (side, image) =>
        {
            side.SendMemory(image.Memory.SharedFile!);
            side.SendDescriptors(image);
            side.SendGo(image);
        },
        ["synchronize-without-memory"] = static (side, _) => side.Send(SuccessorMessage.Synchronize, new byte[8]),
        ["synchronize-short"] = static (side, image) =>
        {
            side.SendMemory(image.Memory.SharedFile!);
            side.Send(SuccessorMessage.Synchronize, new byte[7]);
        },
        ["synchronize-too-much"] = static (side, image) => SynchronizeAndGo(side, image, long.MaxValue),
        ["synchronize-negative"] = static (side, image) => SynchronizeAndGo(side, image, long.MinValue),
        ["go-short"] = static (side, image) =>
        {
            side.SendMemory(image.Memory.SharedFile!);
            side.Synchronize(image);
            side.Send(SuccessorMessage.Go, new byte[15]);
        },
        ["go-without-descriptors"] = static (side, image) =>
        {
            side.SendMemory(image.Memory.SharedFile!);
            side.Synchronize(image);
            side.SendGo(image);
        },
        ["go-of-another-number"] = static (side, image) =>
        {
            side.SendMemory(image.Memory.SharedFile!);
            side.SendDescriptors(image);
            side.Synchronize(image);
            side.SendGo(image.Engine.Descriptors.SlotCount, image.Engine.Descriptors.Count, image.Number + 1);
        },
        ["go-with-another-file"] = static (side, image) =>
        {
            side.SendMemory(image.Memory.SharedFile!);
            side.SendDescriptors([0, 1, 2], [.. Enumerable.Repeat(image.Memory.SharedFile!, 3)]);
            side.Synchronize(image);
            side.SendGo(image);
        },
        ["go-with-another-slot"] = static (side, image) =>
        {
            IReadOnlyList<SafeHandle?> files = image.Engine.Descriptors.Outgoing;
            side.SendMemory(image.Memory.SharedFile!);
            side.SendDescriptors([0, 1, 5], [files[0]!, files[1]!, files[2]!]);
            side.Synchronize(image);
            side.SendGo(image);
        },
        ["commit-early"] = static (side, _) => side.Send(SuccessorMessage.Commit),
        ["go-twice"] = static (side, image) =>
        {
            side.SendAll(image);
            side.SendGo(image);
        },
        ["garbage-after-the-go"] = static (side, image) =>
        {
            side.SendAll(image);
            side.SendRaw("garbage and more garbage"u8);
        },
        ["commit-before-verified"] = static (side, image) =>
        {
            side.SendAll(image);
            side.Send(SuccessorMessage.Commit);
            side.SayTheRest();

            // The memory is the successor's now: nothing of this process's generation may be undone in it.
            Environment.Exit(0);
        },
    };

    public static void Run(string how)
    {
        using var image = new FrozenGeneration();
        using var side = new PredecessorSide("successor", "-", "-");
        s_ways[how](side, image);
        side.SayTheRest();
    }

    // How much is in use is a hint, which a successor follows as far as there is memory.
    private static void SynchronizeAndGo(PredecessorSide side, FrozenGeneration image, long usedBytes)
    {
        side.SendMemory(image.Memory.SharedFile!);
        side.SendDescriptors(image);
        side.Send(SuccessorMessage.Synchronize, BitConverter.GetBytes(usedBytes));
        side.Expect(SuccessorMessage.Synchronized);
        side.SendGo(image);
        side.Expect(SuccessorMessage.Verified);
        side.Send((SuccessorMessage)99);
    }

    private static void Close(PredecessorSide side, ReadOnlySpan<byte> first)
    {
        if (!first.IsEmpty)
            side.SendRaw(first);
        side.Channel.Shutdown();
    }

    private static void SendMemory(PredecessorSide side, long length, int seals)
    {
        using SafeFileHandle file = Libc.Memfd(length, seals);
        side.SendMemory(file);
    }

    private static void SendWithDescriptor(PredecessorSide side, FrozenGeneration image, SuccessorMessage kind, int length)
    {
        side.SendMemory(image.Memory.SharedFile!);
        side.Channel.Send(kind, Deadline.Never, new byte[length], [image.Memory.SharedFile!]);
    }

    // Each byte of one message brings as many as the kernel takes.
    private static void SendTooMany(PredecessorSide side, FrozenGeneration image)
    {
        var header = new byte[SuccessorHeader.Size];
        new SuccessorHeader(SuccessorHeader.CurrentVersion, SuccessorMessage.Memory, 0, DescriptorPassing.MaxPerMessage).Write(header);
        SafeHandle[] files = [.. Enumerable.Repeat(image.Memory.SharedFile!, DescriptorPassing.MaxPerMessage)];
        for (int i = 0; i < 4; i++)
            side.SendRaw(header.AsSpan(i, 1), files);
    }
}
