using System.Runtime.InteropServices;
using CsCheck;
using LiveUpdate.Serialization;

namespace LiveUpdate.Tests.Serialization;

/// <summary>Many files at once, against the writer and reader of one.</summary>
public class FileRecordBulkTests
{
    private const byte Canary = 0xA5;

    public delegate void BulkWrite(ref byte to, ReadOnlySpan<byte> compatible, ref byte from, nuint count);

    private static readonly Gen<(string Compatible, FileRecordData[] Records)> s_files = Gen.Select(
        Gen.String[Gen.Char['!', '~'], 1, 47],
        Gen.Select(Gen.ULong, Gen.ULong, (data, token) => new FileRecordData(new DataHandle(data), token)).Array[0, 70]);

    private static IEnumerable<TestCaseData> BulkWrites()
    {
        yield return new TestCaseData(new BulkWrite(FileRecordWriter.Write256)).SetArgDisplayNames("256");
        yield return new TestCaseData(new BulkWrite(FileRecordWriter.Write128)).SetArgDisplayNames("128");
    }

    [Test]
    public void BulkWritesWhatSingleWritesDoAndNothingBehind() =>
        s_files.Sample(files =>
        {
            var compatible = CompatibleField.Encode(files.Compatible);
            byte[] bulk = new byte[(files.Records.Length * 64) + 64];
            bulk.AsSpan(files.Records.Length * 64).Fill(Canary);
            int written = FileRecordWriter.Write(bulk, compatible.Bytes, files.Records);

            return written == files.Records.Length * 64
                && bulk.AsSpan(0, written).SequenceEqual(OneByOne(compatible, files.Records))
                && bulk.AsSpan(written).IndexOfAnyExcept(Canary) < 0;
        });

    [TestCaseSource(nameof(BulkWrites))]
    public void EveryVectorWidthWritesTheSame(BulkWrite write) =>
        s_files.Where(files => files.Records.Length > 0).Sample(files =>
        {
            var compatible = CompatibleField.Encode(files.Compatible);
            byte[] bulk = new byte[(files.Records.Length * 64) + 64];
            bulk.AsSpan(files.Records.Length * 64).Fill(Canary);
            write(ref bulk[0], compatible.Bytes, ref MemoryMarshal.AsBytes(files.Records.AsSpan())[0], (nuint)files.Records.Length);

            return bulk.AsSpan(0, files.Records.Length * 64).SequenceEqual(OneByOne(compatible, files.Records))
                && bulk.AsSpan(files.Records.Length * 64).IndexOfAnyExcept(Canary) < 0;
        });

    [Test]
    public void ARunIsReadAsItWasWritten() =>
        s_files.Sample(files =>
        {
            var compatible = CompatibleField.Encode(files.Compatible);
            var other = CompatibleField.Encode(files.Compatible == "x" ? "y" : "x");
            byte[] entries = [.. OneByOne(compatible, files.Records), .. OneByOne(other, [default])];
            var read = new FileRecordData[files.Records.Length + 1];

            return FileRecordReader.ReadRun(entries, in compatible, read) == files.Records.Length
                && read.AsSpan(0, files.Records.Length).SequenceEqual(files.Records)
                && FileRecordReader.ReadRun(entries.AsSpan(files.Records.Length * 64), in other, read) == 1;
        });

    [Test]
    public void AnEncodedStringIsWrittenAsItsTextIs() =>
        s_files.Sample(files =>
        {
            var compatible = CompatibleField.Encode(files.Compatible);
            byte[] entries = new byte[files.Records.Length * 64];
            for (int i = 0; i < files.Records.Length; i++)
                FileRecord.Write(entries.AsSpan(i * 64), in compatible, files.Records[i].Data, files.Records[i].Token);

            return entries.AsSpan().SequenceEqual(OneByOne(compatible, files.Records));
        });

    [Test]
    public void ARunEndsWhereTheDestinationDoes()
    {
        var compatible = CompatibleField.Encode("h");
        byte[] entries = OneByOne(compatible, new FileRecordData[5]);
        Assert.That(FileRecordReader.ReadRun(entries, in compatible, new FileRecordData[3]), Is.EqualTo(3));
        Assert.That(FileRecordReader.ReadRun(entries, in compatible, []), Is.Zero);
        Assert.That(FileRecordReader.ReadRun([], in compatible, new FileRecordData[3]), Is.Zero);
    }

    [Test]
    public void A34_AnUnterminatedStringEndsTheRun()
    {
        var compatible = CompatibleField.Encode(new string('c', 47));
        byte[] entries = OneByOne(compatible, new FileRecordData[2]);
        entries[64 + 47] = (byte)'c';
        Assert.That(FileRecordReader.ReadRun(entries, in compatible, new FileRecordData[2]), Is.EqualTo(1));
    }

    [Test]
    public void MisuseIsRefusedBeforeAByteIsWritten()
    {
        byte[] destination = [.. Enumerable.Repeat(Canary, 127)];
        var compatible = CompatibleField.Encode("h");
        Assert.That(
            () => FileRecordWriter.Write(destination, compatible.Bytes, new FileRecordData[2]),
            Throws.ArgumentException.With.Property("ParamName").EqualTo("destination"));
        Assert.That(
            () => FileRecordWriter.Write(destination, compatible.Bytes[1..], new FileRecordData[1]),
            Throws.ArgumentException.With.Property("ParamName").EqualTo("compatible"));
        Assert.That(
            () => FileRecordReader.ReadRun(destination, in compatible, new FileRecordData[1]),
            Throws.ArgumentException.With.Property("ParamName").EqualTo("entries"));
        Assert.That(destination.AsSpan().IndexOfAnyExcept(Canary), Is.EqualTo(-1));
        Assert.That(FileRecordWriter.Write([], compatible.Bytes, []), Is.Zero);
    }

    [Test]
    public void NothingIsAllocated()
    {
        byte[] page = new byte[4096];
        var records = new FileRecordData[63];
        var compatible = CompatibleField.Encode("memfd-v2");
        Run();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Run();
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);

        void Run()
        {
            var writer = new BlockWriter(page, 64);
            writer.Clear();
            FileRecordWriter.Write(writer.Append(62), compatible.Bytes, records.AsSpan(0, 62));
            FileRecord.Write(writer.Append(), in compatible, default, 7);
            FileRecordReader.ReadRun(BlockReader.OfFiles(page).Entries, in compatible, records);
        }
    }

    private static byte[] OneByOne(CompatibleField compatible, FileRecordData[] records)
    {
        byte[] entries = new byte[records.Length * 64];
        for (int i = 0; i < records.Length; i++)
            FileRecord.Write(entries.AsSpan(i * 64), compatible.Text, records[i].Data, records[i].Token);

        return entries;
    }
}
