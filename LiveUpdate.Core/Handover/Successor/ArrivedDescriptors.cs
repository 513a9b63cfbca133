using System.Runtime.Versioning;
using LiveUpdate.Abi;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate;

/// <summary>The descriptors that have come to a successor, by slot, each with the file that it was when it came. Not safe for threads.</summary>
[SupportedOSPlatform("linux")]
internal sealed class ArrivedDescriptors : IDisposable
{
    // What a table of descriptor slots holds at most (reference 4.13: 10 000 blocks).
    private const int MaxSlots = LuoAbi.MaxBlocks * (LuoAbi.PageSize / DescriptorSlotSer.Size);

    private SafeFileHandle?[] _handles = [];
    private DescriptorSlotSer[] _files = [];
    private int _end;

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>How many slots were ever filled, the free ones between them included.</summary>
    public int SlotCount => _end;

    /// <summary>Keeps a descriptor.</summary>
    /// <returns>False if the slot is not free, or there can be none of that number; the handle stays the caller's.</returns>
    public bool TryAdd(int slot, SafeFileHandle handle)
    {
        if (slot is < 0 or >= MaxSlots || (slot < _end && _handles[slot] is not null))
            return false;
        if (slot >= _handles.Length)
        {
            int length = Math.Clamp(_handles.Length * 2, slot + 1, MaxSlots);
            Array.Resize(ref _handles, length);
            Array.Resize(ref _files, length);
        }

        (ulong device, ulong inode) = DescriptorInfo.Identify(handle);
        _files[slot] = new DescriptorSlotSer { State = DescriptorSlotSer.InUse, Device = device, Inode = inode };
        _handles[slot] = handle;
        _end = Math.Max(_end, slot + 1);
        Count++;
        return true;
    }

    /// <summary>Closes a descriptor.</summary>
    /// <returns>False if the slot holds none.</returns>
    public bool TryClose(int slot)
    {
        if ((uint)slot >= (uint)_end || _handles[slot] is not { } handle)
            return false;
        (_handles[slot], _files[slot]) = (null, default);
        Count--;
        handle.Dispose();
        return true;
    }

    /// <summary>Checks that exactly the descriptors arrived that the image speaks of.</summary>
    /// <exception cref="LiveUpdateImageException">One is missing, too many, or another file.</exception>
    public void Check(IncomingImage image)
    {
        int slot = image.FindOtherSlot(_files.AsSpan(0, _end));
        if (slot < 0)
            return;
        DescriptorSlotSer?[] written = image.ReadSlots();
        string expected = Describe(slot < written.Length ? written[slot] : null);
        string found = Describe(slot < _end && _handles[slot] is not null ? _files[slot] : null);
        throw new LiveUpdateImageException(
            LiveUpdateError.InvalidArgument, $"descriptor slot {slot}", PhysicalAddress.None, 4, $"{expected}, as arrived", $"{found}");
    }

    /// <summary>Gives all of them out, by slot; null where a slot is free. They are the caller's from here on.</summary>
    public SafeFileHandle?[] TakeAll()
    {
        SafeFileHandle?[] handles = _handles;
        (_handles, _files, _end, Count) = ([], [], 0, 0);
        return handles;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (SafeFileHandle? handle in TakeAll())
            handle?.Dispose();
    }

    private static string Describe(DescriptorSlotSer? slot) =>
        slot is { } file ? $"inode {file.Inode} of device 0x{file.Device:x}" : "no descriptor";
}
