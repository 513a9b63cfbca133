using System.Runtime.InteropServices;
using LiveUpdate.Abi;
using LiveUpdate.Machine.Contract;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Machine.Errors;

/// <summary>What the kernel refuses after an update, and what it says to an image that was damaged before anybody read it.</summary>
internal static class IncomingErrors
{
    private const string Name = "errors-incoming";
    private const uint UnknownSeal = 0x40;
    private const int FileRecordSize = 64;

    public static void Preserve()
    {
        using var device = KernelDevice.Open();
        Session session = device.CreateSession(Name);
        for (ulong token = 1; token <= 4; token++)
        {
            using SafeFileHandle file = Memfd.Create($"file {token}");
            session.Preserve(token, file);
        }
    }

    /// <summary>Damages two files in the memory that was handed over, and asks for everything.</summary>
    public static void Provoke()
    {
        DamageFiles();
        using var device = KernelDevice.Open();
        ErrorReport.Client(LiveUpdateError.NotFound, "retrieve session", "nobody", null, () => device.RetrieveSession("nobody"));
        ErrorReport.Client(
            LiveUpdateError.TooManyFiles, "retrieve session", Name, null, () => Limits.WithoutDescriptors(() => device.RetrieveSession(Name)));
        using Session session = device.RetrieveSession(Name);
        ErrorReport.Client(LiveUpdateError.InvalidArgument, "retrieve session", Name, null, () => device.RetrieveSession(Name));
        ErrorReport.Client(LiveUpdateError.NotFound, "retrieve", Name, 99, () => session.Retrieve(99));
        ErrorReport.Client(LiveUpdateError.TooManyFiles, "retrieve", Name, 1, () => Limits.WithoutDescriptors(() => session.Retrieve(1)));
        Expect.Equal(Memfd.Read(session, 1), "file 1");
        for (int attempt = 0; attempt < 2; attempt++)
        {
            ErrorReport.Client(LiveUpdateError.NotSupported, "retrieve", Name, 2, () => session.Retrieve(2));
            ErrorReport.Client(LiveUpdateError.InputOutput, "retrieve", Name, 3, () => session.Retrieve(3));
        }

        Expect.Equal(Memfd.Read(session, 4), "file 4");
        using SafeFileHandle other = Memfd.Create("other");
        ErrorReport.Client(LiveUpdateError.InvalidArgument, "preserve", Name, 5, () => session.Preserve(5, other));
        session.Finish();
        ErrorReport.Client(LiveUpdateError.NotFound, "retrieve", Name, 1, () => session.Retrieve(1));
    }

    /// <summary>Damages the number of files, which the first open compares, and opens.</summary>
    public static void ProvokeBrokenHandover()
    {
        using (var memory = new PhysicalMemory())
        {
            long session = memory.FindSession(ParsedName());
            var record = memory.Read<LuoSessionSer>(session);
            Console.WriteLine($"The session \"{Name}\" has {record.FileSet.Count} files in the image; the count is damaged.");
            record.FileSet.Count++;
            memory.Write(session, record);
        }

        ErrorReport.Client(LiveUpdateError.InputOutput, "open device", null, null, () => KernelDevice.Open());
        ErrorReport.Client(LiveUpdateError.InputOutput, "open device", null, null, () => KernelDevice.Open());
    }

    private static void DamageFiles()
    {
        using var memory = new PhysicalMemory();
        var record = memory.Read<LuoSessionSer>(memory.FindSession(ParsedName()));
        long files = (long)record.FileSet.FilesAddress + Marshal.SizeOf<KhoBlockHeaderSer>();
        long second = (long)memory.Read<LuoFileSer>(files + FileRecordSize).Data;
        long third = (long)memory.Read<LuoFileSer>(files + (2 * FileRecordSize)).Data;
        MemfdLuoSer memfd = memory.Read<MemfdLuoSer>(second);
        memfd.Seals = UnknownSeal;
        memory.Write(second, memfd);

        // The page of the third file, which is in the first chunk of its folio array, becomes one that was never preserved.
        var chunk = (long)memory.Read<MemfdLuoSer>(third).Folios.FirstAddress;
        long folios = memory.Read<long>(chunk + sizeof(long));
        MemfdLuoFolioSer folio = memory.Read<MemfdLuoFolioSer>(folios);
        folio.PfnAndFlags++;
        memory.Write(folios, folio);
    }

    private static SessionName ParsedName() => SessionName.TryCreate(Name, out SessionName name) ? name : default;
}
