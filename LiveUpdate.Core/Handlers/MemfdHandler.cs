using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Abi;
using LiveUpdate.Interop;
using LiveUpdate.Kho;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate;

/// <summary>
/// Hands over memfds by their descriptors: content, position, seals, mode and locks are the same file's, and no page is copied.
/// </summary>
/// <remarks>
/// <para>It takes what reference M-02 says: files of the shared-memory file system without a name. Two descriptions of one memfd are the
/// same object (M-03). Between preserve and hand-over the program may do to the file whatever its seals allow.</para>
/// <para>At the retrieve the file is compared with what it was at preserve: larger, or with more seals, is fine; smaller, or with a seal
/// missing, is EIO. Nothing is asked of the kernel within the pause, unless <see cref="CheckAtFreeze"/> says so.</para>
/// <para>Across a kernel the pages stay in place, and the file is another one: device, inode, mode, name, owner, times and locks are not
/// kept (M-22), and seals that are added after the preserve are not (M-18). While it is preserved its size is frozen (M-16).</para>
/// <para>Safe for threads. One handler may serve several orchestrators.</para>
/// </remarks>
[SupportedOSPlatform("linux")]
public sealed class MemfdHandler : FileHandler<SafeHandle>
{
    private const string Structure = "memfd record";

    private readonly ConditionalWeakTable<KexecHandover, RecordPool> _pools = [];

    /// <summary>Makes a handler.</summary>
    public MemfdHandler()
        : base(MemfdFdAbi.Compatible)
    {
    }

    /// <summary>
    /// Whether each file is compared at the freeze already, two system calls a file within the pause. Null, the default, leaves it to the
    /// target: no where the next generation can still refuse, yes for exec and the service manager.
    /// </summary>
    public bool? CheckAtFreeze { get; init; }

    /// <summary>
    /// Whether memfds of huge pages are taken. False, the default, is what the kernel does (M-02): ENOENT. They can be handed to a process
    /// only.
    /// </summary>
    public bool AllowHugePages { get; init; }

    /// <inheritdoc/>
    protected override bool CanPreserve(SafeHandle file) => MemfdStatus.IsMemfd(file, out bool hugePages) && (!hugePages || AllowHugePages);

    /// <inheritdoc/>
    protected override FileId? GetId(SafeHandle file)
    {
        (ulong device, ulong inode) = DescriptorInfo.Identify(file);
        return new FileId(device, inode);
    }

    /// <inheritdoc/>
    protected override void Preserve(ref PreserveContext<SafeHandle> context)
    {
        MemfdStatus status = MemfdStatus.Of(context.File);
        RecordPool pool = PoolOf(context.Memory);
        int slot = context.Descriptors.Add(context.File);
        try
        {
            PhysicalAddress address = pool.Allocate();
            var record = new MemfdFdSer
            {
                Position = (ulong)DescriptorInfo.Position(context.File),
                Size = status.Size,
                Seals = status.Seals,
                Slot = slot,
                Flags = DescriptorInfo.FileSystemType(context.File) == Libc.HUGETLBFS_MAGIC ? MemfdFdAbi.HugePages : 0,
            };
            MemoryMarshal.Write(context.Memory.GetSpan(address, MemfdFdAbi.RecordSize), in record);
            context.Data = new DataHandle(address);
        }
        catch
        {
            context.Descriptors.Remove(slot);
            throw;
        }
    }

    /// <inheritdoc/>
    protected override void Unpreserve(in FileContext<SafeHandle> context)
    {
        PhysicalAddress address = context.Data.Address;
        int slot = MemoryMarshal.Read<MemfdFdSer>(context.Memory.GetSpan(address, MemfdFdAbi.RecordSize)).Slot;
        PoolOf(context.Memory).Free(address);
        context.Descriptors.Remove(slot);
    }

    /// <inheritdoc/>
    protected override void Freeze(ref FreezeContext<SafeHandle> context)
    {
        if (CheckAtFreeze ?? context.CheckDescriptors)
            Compare(MemoryMarshal.Read<MemfdFdSer>(context.Memory.GetSpan(context.Data.Address, MemfdFdAbi.RecordSize)), context.File);
    }

    /// <inheritdoc/>
    [MethodImpl(WithinPause.Compiled)]
    protected override void Verify(in VerifyContext context)
    {
        MemfdFdSer record = Read(context.Memory, context.Data.Address);
        if (!context.Descriptors.Contains(record.Slot))
            throw BadRecord(context.Data.Address, record);
    }

    /// <inheritdoc/>
    protected override SafeHandle Retrieve(ref RetrieveContext context)
    {
        MemfdFdSer record = Read(context.Memory, context.Data.Address);
        RecordPool.ReleaseIncoming(context.Memory, context.Data.Address, MemfdFdAbi.RecordSize);
        SafeFileHandle file = context.Descriptors.Take(record.Slot);
        try
        {
            if (!MemfdStatus.IsMemfd(file, out bool hugePages) || hugePages != ((record.Flags & MemfdFdAbi.HugePages) != 0))
                throw Changed("The descriptor that arrived is not the memfd that was preserved.");
            Compare(in record, file);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    protected override void Finish(in FinishContext<SafeHandle> context)
    {
        if (context.Status != FileStatus.Listed)
            return;
        MemfdFdSer record = Read(context.Memory, context.Data.Address);
        context.Descriptors.Release(record.Slot);
        RecordPool.ReleaseIncoming(context.Memory, context.Data.Address, MemfdFdAbi.RecordSize);
    }

    [MethodImpl(WithinPause.Compiled)]
    private static MemfdFdSer Read(KexecHandover memory, PhysicalAddress address)
    {
        var record = MemoryMarshal.Read<MemfdFdSer>(RecordPool.ReadIncoming(memory, address, MemfdFdAbi.RecordSize, Structure));
        if (record.Slot < 0 || (record.Flags & ~MemfdFdAbi.KnownFlags) != 0 || record.Reserved != 0)
            throw BadRecord(address, record);
        return record;
    }

    // Apart from its callers, which are called once a file within the pause: room for texts is cleared at every call of a method that has it.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static LiveUpdateImageException BadRecord(PhysicalAddress address, in MemfdFdSer record)
    {
        if (record.Slot < 0)
            return Bad(address, 20, "a slot, 0 or more", $"{record.Slot}");
        if ((record.Flags & ~MemfdFdAbi.KnownFlags) != 0)
            return Bad(address, 24, $"flags within 0x{MemfdFdAbi.KnownFlags:x}", $"0x{record.Flags:x}");
        if (record.Reserved != 0)
            return Bad(address, 28, "0", $"0x{record.Reserved:x}");
        return Bad(address, 20, "the slot of a descriptor that arrived", $"{record.Slot}");
    }

    private static void Compare(in MemfdFdSer record, SafeHandle file)
    {
        MemfdStatus now = MemfdStatus.Of(file);
        if (now.Size < record.Size)
            throw Changed($"The memfd has shrunk from {record.Size} to {now.Size} bytes since it was preserved.");
        if ((record.Seals & ~now.Seals) != 0)
            throw Changed($"The memfd had the seals 0x{record.Seals:x} when it was preserved, and has 0x{now.Seals:x} now.");
    }

    private static LiveUpdateException Changed(string message) => new(LiveUpdateError.InputOutput, message);

    private static LiveUpdateImageException Bad(PhysicalAddress address, int offset, string expected, string found) =>
        new(LiveUpdateError.InvalidArgument, Structure, address, offset, expected, found);

    private RecordPool PoolOf(KexecHandover memory) =>
        _pools.GetValue(memory, key => new RecordPool(key, MemfdFdAbi.RecordSize, new PageOwner(Compatible)));
}
