using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Abi;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Tests.Handlers;

/// <summary>
/// Carries memfds as the kernel does, in records of <c>memfd-v2</c> (reference part 6), by copying every page: what a process can do of it.
/// </summary>
/// <remarks>The size cannot be frozen, and nothing is shared: what is written after preserve is not carried.</remarks>
[SupportedOSPlatform("linux")]
internal sealed class CopyingMemfdHandler() : FileHandler<SafeHandle>(MemfdAbi.Compatible)
{
    protected override bool CanPreserve(SafeHandle file) => MemfdStatus.IsMemfd(file, out bool hugePages) && !hugePages;

    protected override FileId? GetId(SafeHandle file)
    {
        (ulong device, ulong inode) = DescriptorInfo.Identify(file);
        return new FileId(device, inode);
    }

    protected override void Preserve(ref PreserveContext<SafeHandle> context)
    {
        MemfdCopy copy = MemfdCopy.Of((SafeFileHandle)context.File, context.Memory);
        (context.State, context.Data) = (copy, new DataHandle(copy.Record));
    }

    protected override void Unpreserve(in FileContext<SafeHandle> context) => ((MemfdCopy)context.State!).Dispose();

    // As the kernel's, refreshes the position alone (M-18).
    protected override void Freeze(ref FreezeContext<SafeHandle> context) => MemoryMarshal.AsRef<MemfdLuoSer>(
        context.Memory.GetSpan(context.Data.Address, MemfdAbi.RecordSize)).Position = (ulong)DescriptorInfo.Position(context.File);

    protected override SafeHandle Retrieve(ref RetrieveContext context)
    {
        using var incoming = new IncomingMemfdCopy(context.Memory, context.Data.Address);
        return incoming.Rebuild();
    }

    protected override void Finish(in FinishContext<SafeHandle> context)
    {
        if (context.Status == FileStatus.Listed)
            new IncomingMemfdCopy(context.Memory, context.Data.Address).Dispose();
    }
}
