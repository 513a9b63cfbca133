using System.Runtime.Versioning;
using LiveUpdate.Abi;
using LiveUpdate.Interop;
using LiveUpdate.Kho;
using LiveUpdate.Serialization;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Tests.Handlers;

/// <summary>
/// A memfd that came in a record of <c>memfd-v2</c>. Disposing frees folios, array and record, once each (M-31, and 4.12 for M-33).
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class IncomingMemfdCopy : IDisposable
{
    private readonly KexecHandover _memory;
    private readonly PhysicalAddress _address;
    private readonly List<FolioRecord> _folios = [];
    private readonly IncomingVmallocArray? _array;

    public IncomingMemfdCopy(KexecHandover memory, PhysicalAddress address)
    {
        (_memory, _address) = (memory, address);
        Record = MemfdRecord.Read(memory.GetIncomingSpan(address, MemfdAbi.RecordSize, "memfd record"));
        Record.Check(address);
        if (Record.FolioCount == 0)
            return;
        _array = IncomingVmallocArray.Open(memory, Record.Folios, "folio array", new PageOwner("folio array"));
        byte[] entry = new byte[MemfdAbi.FolioSize];
        for (long i = 0; i < (long)Record.FolioCount; i++)
        {
            _array.Read(i * MemfdAbi.FolioSize, entry);
            _folios.Add(FolioRecord.Read(entry));
        }
    }

    public MemfdRecord Record { get; }

    public IReadOnlyList<FolioRecord> Folios => _folios;

    /// <summary>Makes the memfd in the order that a process must keep: mode (M-24), content, size, then seals (M-27).</summary>
    public SafeFileHandle Rebuild()
    {
        if (Record.UnsupportedSeals != 0)
            throw new LiveUpdateException(LiveUpdateError.NotSupported, $"The record has the unknown seals 0x{Record.UnsupportedSeals:x}.");
        uint mode = (Record.Seals & MemfdAbi.SealExec) != 0 ? Libc.MFD_NOEXEC_SEAL : Libc.MFD_EXEC;
        SafeFileHandle file = Libc.MemfdCreate("", Libc.MFD_CLOEXEC | Libc.MFD_ALLOW_SEALING | mode);
        try
        {
            foreach (FolioRecord folio in _folios.Where(static folio => !folio.IsSkipped))
                RandomAccess.Write(file, Content(folio), (long)folio.Index << LuoAbi.PageShift);
            Memfd.Resize(file, (long)Record.Size);
            Libc.Lseek(file, (nint)Record.Position, 0);
            Memfd.Seal(file, (int)Record.Seals);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (FolioRecord folio in _folios)
            _memory.TryRestoreAndFree(folio.Address);
        _array?.Dispose();
        _memory.TryRestoreAndFree(_address);
    }

    private ReadOnlySpan<byte> Content(FolioRecord folio) => _memory.IsRestorable(folio.Address, out int order)
        ? _memory.GetIncomingSpan(folio.Address, LuoAbi.PageSize << order, "folio")
        : throw new LiveUpdateException(LiveUpdateError.InputOutput, $"No folio was preserved at {folio.Address}.");
}
