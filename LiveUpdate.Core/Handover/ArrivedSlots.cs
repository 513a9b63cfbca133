using System.Runtime.Versioning;
using LiveUpdate.Abi;
using LiveUpdate.Interop;
using LiveUpdate.Kho;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate;

/// <summary>The descriptors of an image's table, each found among those that are open in this process.</summary>
[SupportedOSPlatform("linux")]
internal sealed class ArrivedSlots
{
    private const int FirstAfterStandardStreams = 3;

    private readonly int?[] _numbers;

    private ArrivedSlots(int?[] numbers) => _numbers = numbers;

    /// <summary>
    /// Finds a descriptor for every slot and compares it with what was written down; those found are close-on-exec afterwards.
    /// </summary>
    /// <param name="engine">It has read the image.</param>
    /// <param name="target">The way by which the image must have come.</param>
    /// <param name="memory">The descriptor of the memory, which is in no slot.</param>
    /// <param name="find">The numbers that may be meant by the one in the table.</param>
    /// <exception cref="LiveUpdateImageException">The image came another way, or a descriptor is not what was written down.</exception>
    public static ArrivedSlots Check(LiveUpdateEngine engine, LuoCoreTarget target, int memory, Func<int, IReadOnlyList<int>> find)
    {
        if (engine.Image is not { } image || image.Core?.Target != target)
        {
            throw new LiveUpdateImageException(
                LiveUpdateError.InvalidArgument,
                "boot record",
                engine.Memory.Memory.Base,
                0,
                $"a hand-over by {HandoverReport.NameOf(target)}",
                "none, or one of another kind");
        }

        DescriptorSlotSer?[] slots = image.ReadSlots();
        var numbers = new int?[slots.Length];
        for (int slot = 0; slot < slots.Length; slot++)
        {
            if (slots[slot] is { } record)
                numbers[slot] = Find(slot, record, [.. find(record.Descriptor).Where(number => number != memory && IsOpen(number))]);
        }

        return new ArrivedSlots(numbers);
    }

    /// <summary>Makes a descriptor that is open here close-on-exec.</summary>
    /// <returns>False if it is not open.</returns>
    public static bool SetCloseOnExec(int number)
    {
        using var descriptor = new SafeFileHandle(number, ownsHandle: false);
        return Libc.Fcntl(descriptor, Libc.F_GETFD, 0) is var flags and >= 0 &&
            Libc.Fcntl(descriptor, Libc.F_SETFD, flags | Libc.FD_CLOEXEC) == 0;
    }

    /// <summary>Maps what should be the memory, on a descriptor of its own.</summary>
    /// <param name="number">The descriptor.</param>
    /// <param name="source">What named it, for the exception.</param>
    /// <exception cref="LiveUpdateImageException">It is not open, or no memory of a generation.</exception>
    /// <exception cref="LiveUpdateException">The system has no room for the mapping.</exception>
    public static KhoMemory OpenMemory(int number, string source)
    {
        if (!SetCloseOnExec(number))
            throw BadMemory($"descriptor {number}, which is not open", null);
        using var arrived = new SafeFileHandle(number, ownsHandle: false);
        try
        {
            return KhoMemory.OpenShared(DescriptorInfo.Duplicate(arrived));
        }
        catch (LiveUpdateException exception) when (exception.Error == LiveUpdateError.InvalidArgument)
        {
            throw BadMemory($"descriptor {number}: {exception.Message}", exception);
        }

        LiveUpdateImageException BadMemory(string found, Exception? inner) => new(
            LiveUpdateError.InvalidArgument, source, PhysicalAddress.None, 0, "the descriptor of the preserved memory", found, inner);
    }

    /// <summary>Makes the engine the owner of the descriptors.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="taken">Gets the numbers that it owns now.</param>
    public void GiveTo(LiveUpdateEngine engine, HashSet<int> taken) => engine.Descriptors.SetIncoming(
        [.. _numbers.Select(number => number is { } found ? Take(found, taken) : null)],
        _numbers.Count(static number => number is not null));

    // A descriptor that is in two slots, or is a standard stream, has another owner: the slot gets one of its own.
    private static SafeFileHandle Take(int number, HashSet<int> taken)
    {
        if (number >= FirstAfterStandardStreams && taken.Add(number))
            return new SafeFileHandle(number, ownsHandle: true);
        using var shared = new SafeFileHandle(number, ownsHandle: false);
        return DescriptorInfo.Duplicate(shared);
    }

    private static int Find(int slot, in DescriptorSlotSer record, int[] candidates)
    {
        if (candidates.Length == 0)
            throw Bad(slot, 0, "an open descriptor", $"{record.Descriptor}, which is none");
        (ulong Device, ulong Inode) expected = (record.Device, record.Inode);
        (ulong Device, ulong Inode) found = default;
        int? match = null;
        foreach (int number in candidates)
        {
            if (number >= FirstAfterStandardStreams)
                SetCloseOnExec(number);
            using var descriptor = new SafeFileHandle(number, ownsHandle: false);
            found = DescriptorInfo.Identify(descriptor);
            if (found != expected)
                continue;
            if (match is not null)
                throw Bad(slot, 0, $"one descriptor for {record.Descriptor}", "several of the same file");
            match = number;
        }

        return match ?? throw Bad(
            slot,
            8,
            $"device 0x{expected.Device:x}, inode {expected.Inode} behind descriptor {record.Descriptor}",
            $"device 0x{found.Device:x}, inode {found.Inode}");
    }

    private static bool IsOpen(int number)
    {
        if (number < 0)
            return false;
        using var descriptor = new SafeFileHandle(number, ownsHandle: false);
        return DescriptorInfo.IsOpen(descriptor);
    }

    private static LiveUpdateImageException Bad(int slot, int offset, string expected, string found) =>
        new(LiveUpdateError.InvalidArgument, $"descriptor slot {slot}", PhysicalAddress.None, offset, expected, found);
}
