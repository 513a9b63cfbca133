using System.Runtime.Versioning;
using LiveUpdate.Abi;
using LiveUpdate.Interop;
using LiveUpdate.Kho;
using LiveUpdate.Serialization;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Tests.Handlers;

/// <summary>A memfd copied into preserved memory: its record, its folio array, and a page for each of its pages (reference 2.7).</summary>
[SupportedOSPlatform("linux")]
internal sealed class MemfdCopy : IDisposable
{
    private const uint FolioFlags = MemfdAbi.FolioDirty | MemfdAbi.FolioUpToDate;

    private readonly KexecHandover _memory;
    private readonly PageOwner _owner = new(MemfdAbi.Compatible);
    private readonly List<PhysicalAddress> _blocks = [];
    private VmallocArray? _folios;

    private MemfdCopy(KexecHandover memory) => _memory = memory;

    public PhysicalAddress Record => _blocks[0];

    /// <summary>Copies a memfd; the order of the checks is that of M-10.</summary>
    public static MemfdCopy Of(SafeFileHandle file, KexecHandover memory)
    {
        var copy = new MemfdCopy(memory);
        try
        {
            copy.Fill(file);
            return copy;
        }
        catch
        {
            copy.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        _folios?.Dispose();
        foreach (PhysicalAddress block in _blocks)
            _memory.FreePreserved(block);
    }

    private void Fill(SafeFileHandle file)
    {
        PhysicalAddress record = Allocate();
        MemfdStatus status = MemfdStatus.Of(file);
        if ((status.Seals & ~MemfdAbi.SupportedSeals) != 0)
            throw new LiveUpdateException(LiveUpdateError.NotSupported, "The memfd has a seal that the record cannot carry.");
        int pages = (int)((status.Size + LuoAbi.PageSize - 1) >> LuoAbi.PageShift);
        _folios = VmallocArray.Allocate(_memory, (long)pages * MemfdAbi.FolioSize, _owner);
        byte[] entry = new byte[MemfdAbi.FolioSize];
        for (int index = 0; index < pages; index++)
        {
            PhysicalAddress page = Allocate();
            RandomAccess.Read(file, _memory.GetSpan(page, LuoAbi.PageSize), (long)index << LuoAbi.PageShift);
            new FolioRecord(page.Value >> LuoAbi.PageShift, FolioFlags, (ulong)index).Write(entry);
            _folios.Write(index * MemfdAbi.FolioSize, entry);
        }

        var position = (ulong)DescriptorInfo.Position(file);
        new MemfdRecord(position, status.Size, status.Seals, (ulong)pages, _folios.Descriptor)
            .Write(_memory.GetSpan(record, MemfdAbi.RecordSize));
    }

    private PhysicalAddress Allocate()
    {
        _blocks.Add(_memory.AllocatePreserved(LuoAbi.PageSize, _owner));
        return _blocks[^1];
    }
}
