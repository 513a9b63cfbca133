using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using LiveUpdate.Abi;

namespace LiveUpdate.Tests.Abi;

/// <summary>The sizes and offsets of the reference's tables, as numbers, against the structs.</summary>
public class LayoutTests
{
    private static IEnumerable<TestCaseData> Structures()
    {
        yield return Structure<LuoSer>(32, ("Compatible", 0), ("LiveUpdateNumber", 8), ("SessionsAddress", 16), ("FlbsAddress", 24));
        yield return Structure<KhoBlockHeaderSer>(16, ("NextAddress", 0), ("Count", 8));
        yield return Structure<LuoSessionSer>(80, ("Name", 0), ("FileSet", 64));
        yield return Structure<LuoFileSetSer>(16, ("FilesAddress", 0), ("Count", 8));
        yield return Structure<LuoFileSer>(64, ("Compatible", 0), ("Data", 48), ("Token", 56));
        yield return Structure<LuoFlbHeaderSer>(16, ("PageCount", 0), ("Count", 8));
        yield return Structure<LuoFlbSer>(64, ("Name", 0), ("Data", 48), ("Count", 56));
        yield return Structure<MemfdLuoSer>(
            48, ("Position", 0), ("Size", 8), ("Seals", 16), ("Flags", 20), ("FolioCount", 24), ("Folios", 32));
        yield return Structure<MemfdLuoFolioSer>(16, ("PfnAndFlags", 0), ("Index", 8));
        yield return Structure<KhoVmallocSer>(16, ("FirstAddress", 0), ("TotalPages", 8), ("Flags", 12), ("Order", 14));
        yield return Structure<KexecMetadataSer>(73, ("Version", 0), ("PreviousRelease", 4), ("KexecCount", 69));
        yield return Structure<KhoSetupData>(32, ("FdtAddress", 0), ("FdtSize", 8), ("ScratchAddress", 16), ("ScratchSize", 24));
        yield return Structure<KhoScratchSer>(16, ("Address", 0), ("Size", 8));
        yield return Structure<SessionNameArgs>(72, ("Size", 0), ("Fd", 4), ("Name", 8));
        yield return Structure<PreserveFdArgs>(16, ("Size", 0), ("Fd", 4), ("Token", 8));
        yield return Structure<RetrieveFdArgs>(16, ("Size", 0), ("Fd", 4), ("Token", 8));
        yield return Structure<FinishArgs>(8, ("Size", 0), ("Reserved", 4));
        yield return Structure<GetNameArgs>(72, ("Size", 0), ("Reserved", 4), ("Name", 8));
        yield return Structure<KhoBootRecordSer>(
            96,
            ("Magic", 0),
            ("Version", 8),
            ("Size", 12),
            ("MemoryBase", 16),
            ("MemoryLength", 24),
            ("Setup", 32),
            ("Scratch", 64),
            ("UsedPages", 80),
            ("Reserved", 88),
            ("Checksum", 92));
        yield return Structure<RecordPoolHeaderSer>(64, ("Magic", 0), ("RecordSize", 8), ("Reserved", 12), ("Used", 16));
        yield return Structure<DescriptorSlotSer>(32, ("Descriptor", 0), ("State", 4), ("Device", 8), ("Inode", 16), ("Token", 24));
        yield return Structure<FileNameSer>(136, ("Token", 0), ("Session", 8), ("Name", 72));
        yield return Structure<LuoCoreSer>(
            160,
            ("Magic", 0),
            ("Version", 8),
            ("Checksum", 12),
            ("DescriptorsPa", 16),
            ("DescriptorSlots", 24),
            ("NamesPa", 32),
            ("NamesCount", 40),
            ("Started", 48),
            ("Frozen", 56),
            ("Serialized", 64),
            ("HandedOver", 72),
            ("Sessions", 80),
            ("Files", 88),
            ("Bytes", 96),
            ("Target", 104),
            ("TraceFlags", 108),
            ("TraceIdStart", 112),
            ("TraceIdEnd", 120),
            ("SpanId", 128),
            ("CarrierPa", 136));
        yield return Structure<CarrierSer>(
            64, ("Magic", 0), ("Version", 8), ("Checksum", 12), ("SessionsPa", 16), ("SessionsCount", 24), ("Realtime", 32));
        yield return Structure<CarriedSessionSer>(80, ("Name", 0), ("Number", 64), ("Reserved", 68), ("Files", 72));
        yield return Structure<MemfdFdSer>(
            32, ("Position", 0), ("Size", 8), ("Seals", 16), ("Slot", 20), ("Flags", 24), ("Reserved", 28));
        yield return Structure<StateSer>(
            40,
            ("Magic", 0),
            ("LayoutVersion", 8),
            ("StateVersion", 12),
            ("Length", 16),
            ("DataChecksum", 24),
            ("RangeCount", 28),
            ("HeaderChecksum", 32),
            ("Reserved", 36));
        yield return Structure<StateRangeSer>(16, ("Address", 0), ("Length", 8));
        yield return Structure<Bytes8>(8, ("_element0", 0));
        yield return Structure<Bytes48>(48, ("_element0", 0));
        yield return Structure<Bytes64>(64, ("_element0", 0));
        yield return Structure<Bytes65>(65, ("_element0", 0));
    }

    [TestCaseSource(nameof(Structures))]
    public void LayoutIsTheReferencesTable(Type type, int managedSize, int size, (string Field, int Offset)[] fields)
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(managedSize, Is.EqualTo(size), "size in managed memory");
            if (type.GetCustomAttribute<InlineArrayAttribute>() is { } array)
                Assert.That(array.Length, Is.EqualTo(size));
            else
                Assert.That(Marshal.SizeOf(type), Is.EqualTo(size), "size for native code");

            foreach ((string field, int offset) in fields)
                Assert.That((int)Marshal.OffsetOf(type, field), Is.EqualTo(offset), field);

            IEnumerable<string> declared = type
                .GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).Select(field => field.Name);
            Assert.That(declared, Is.EquivalentTo(fields.Select(field => field.Field)), "every field is in the table");
        }
    }

    [Test]
    public void EveryStructureOfTheFolderIsInTheTable()
    {
        IEnumerable<string> structures = typeof(LuoSer).Assembly.GetTypes()
            .Where(type => type.Namespace == "LiveUpdate.Abi" && type is { IsValueType: true, IsEnum: false, IsNested: false }).Select(type => type.Name);
        Assert.That(structures, Is.EquivalentTo(Structures().Select(structure => ((Type)structure.Arguments[0]!).Name)));
    }

    private static TestCaseData Structure<T>(int size, params (string Field, int Offset)[] fields)
        where T : unmanaged =>
        new TestCaseData(typeof(T), Unsafe.SizeOf<T>(), size, fields).SetArgDisplayNames(typeof(T).Name);
}
