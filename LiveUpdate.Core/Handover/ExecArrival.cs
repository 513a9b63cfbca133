using System.Runtime.Versioning;
using LiveUpdate.Abi;
using LiveUpdate.Interop;
using LiveUpdate.Kho;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate;

/// <summary>What arrived in this process by exec: the memory of the previous image, and its descriptors under their old numbers.</summary>
/// <remarks>
/// Nothing is taken until the boot has succeeded: one that failed, as for a handler that was registered twice, can be tried again.
/// </remarks>
[SupportedOSPlatform("linux")]
internal sealed class ExecArrival
{
    private const int FirstAfterStandardStreams = 3;

    private readonly int _memory;
    private DescriptorSlotSer?[] _slots = [];

    private ExecArrival(int memory) => _memory = memory;

    /// <summary>Looks whether the previous image of this process left anything.</summary>
    /// <returns>Null for a cold start, and in a child that inherited the notice.</returns>
    /// <exception cref="LiveUpdateImageException">The notice cannot be read.</exception>
    public static ExecArrival? Find()
    {
        if (Environment.GetEnvironmentVariable(ExecNotice.Variable) is not { Length: > 0 } notice)
            return null;
        if (ExecNotice.Read(notice, Environment.ProcessId) is { } memory)
        {
            DiagnosticsSocket.RemoveAside();
            return new ExecArrival(memory);
        }

        ForgetNotice();
        return null;
    }

    /// <summary>Maps the memory.</summary>
    /// <returns>The memory, on a descriptor of its own.</returns>
    /// <exception cref="LiveUpdateImageException">The descriptor is not open, or no memory of a generation.</exception>
    /// <exception cref="LiveUpdateException">The system has no room for the mapping.</exception>
    public KhoMemory OpenMemory()
    {
        using var arrived = new SafeFileHandle(_memory, ownsHandle: false);
        if (!SetCloseOnExec(arrived))
            throw BadMemory($"descriptor {_memory}, which is not open");
        try
        {
            return KhoMemory.OpenShared(DescriptorInfo.Duplicate(arrived));
        }
        catch (LiveUpdateException exception) when (exception.Error == LiveUpdateError.InvalidArgument)
        {
            throw BadMemory($"descriptor {_memory}: {exception.Message}", exception);
        }
    }

    /// <summary>Checks that memory and descriptors are what the previous image left; all of them are close-on-exec afterwards.</summary>
    /// <exception cref="LiveUpdateImageException">They are not.</exception>
    public void Check(LiveUpdateEngine engine)
    {
        if (engine.Image is not { Core.Target: LuoCoreTarget.Exec } image)
        {
            throw new LiveUpdateImageException(
                LiveUpdateError.InvalidArgument,
                "boot record",
                engine.Memory.Memory.Base,
                0,
                "a hand-over by exec",
                "none, or one of another kind");
        }

        _slots = image.ReadSlots();
        for (int slot = 0; slot < _slots.Length; slot++)
        {
            if (_slots[slot] is { } record)
                Check(slot, record);
        }
    }

    /// <summary>Takes everything: the descriptors belong to the engine from here on, and the notice is gone.</summary>
    public void Adopt(LiveUpdateEngine engine)
    {
        var descriptors = new SafeFileHandle?[_slots.Length];
        var taken = new HashSet<int>();
        for (int slot = 0; slot < descriptors.Length; slot++)
        {
            if (_slots[slot] is { } record)
                descriptors[slot] = Take(record.Descriptor, taken);
        }

        engine.Descriptors.SetIncoming(descriptors, descriptors.Count(static descriptor => descriptor is not null));
        new SafeFileHandle(_memory, ownsHandle: true).Dispose();
        ForgetNotice();
    }

    // A descriptor that is in two slots, or is a standard stream, has another owner: the slot gets one of its own.
    private static SafeFileHandle Take(int number, HashSet<int> taken)
    {
        if (number >= FirstAfterStandardStreams && taken.Add(number))
            return new SafeFileHandle(number, ownsHandle: true);
        using var shared = new SafeFileHandle(number, ownsHandle: false);
        return DescriptorInfo.Duplicate(shared);
    }

    private static void ForgetNotice()
    {
        Environment.SetEnvironmentVariable(ExecNotice.Variable, null);
        _ = Libc.Unsetenv(ExecNotice.Variable);
    }

    private static bool SetCloseOnExec(SafeFileHandle descriptor) =>
        Libc.Fcntl(descriptor, Libc.F_GETFD, 0) is var flags and >= 0 && Libc.Fcntl(descriptor, Libc.F_SETFD, flags | Libc.FD_CLOEXEC) == 0;

    private void Check(int slot, in DescriptorSlotSer record)
    {
        using var arrived = new SafeFileHandle(record.Descriptor, ownsHandle: false);
        if (record.Descriptor < 0 || record.Descriptor == _memory || !DescriptorInfo.IsOpen(arrived))
            throw BadSlot(slot, 0, "an open descriptor", $"{record.Descriptor}, which is none");
        if (record.Descriptor >= FirstAfterStandardStreams)
            SetCloseOnExec(arrived);
        (ulong device, ulong inode) = DescriptorInfo.Identify(arrived);
        if (device != record.Device || inode != record.Inode)
        {
            throw BadSlot(
                slot,
                8,
                $"device 0x{record.Device:x}, inode {record.Inode} behind descriptor {record.Descriptor}",
                $"device 0x{device:x}, inode {inode}");
        }
    }

    private static LiveUpdateImageException BadSlot(int slot, int offset, string expected, string found) =>
        new(LiveUpdateError.InvalidArgument, $"descriptor slot {slot}", PhysicalAddress.None, offset, expected, found);

    private static LiveUpdateImageException BadMemory(string found, Exception? inner = null) => new(
        LiveUpdateError.InvalidArgument,
        $"environment variable {ExecNotice.Variable}",
        PhysicalAddress.None,
        0,
        "the descriptor of the preserved memory",
        found,
        inner);
}
