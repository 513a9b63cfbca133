using CsCheck;
using LiveUpdate.Abi;
using LiveUpdate.Serialization;

namespace LiveUpdate.Tests.Serialization;

/// <summary>What is written is read, and damage is never anything but a bad image.</summary>
public class PropertyTests
{
    private const long Samples = 2_000;

    private static readonly Gen<byte[]> s_text = Gen.Byte[1, 255].Array[0, 80];

    [Test]
    public void ATextComesBackUpToTheFieldsEnd() =>
        Gen.Select(s_text, Gen.Int[1, 65]).Sample((text, size) =>
        {
            byte[] field = new byte[size];
            int written = FixedString.Write(field, text);
            return written == Math.Min(text.Length, size - 1)
                && FixedString.Read(field).SequenceEqual(text.AsSpan(0, written))
                && FixedString.ReadName(field).SequenceEqual(text.AsSpan(0, written))
                && FixedString.Matches(field, text) == (text.Length < size);
        });

    [Test]
    public void RootsComeBack() =>
        Gen.Select(Gen.ULong, Gen.ULong, Gen.ULong).Sample((number, sessions, flbs) =>
        {
            var root = new LuoRoot(number, new PhysicalAddress(sessions), new PhysicalAddress(flbs));
            byte[] blob = new byte[32];
            LuoRootSerializer.Write(blob, in root);
            return LuoRootSerializer.Read(blob) == root;
        });

    [Test]
    public void SessionsComeBack() =>
        Gen.Select(s_text, Gen.ULong, Gen.ULong).Array[1, 51].Sample(sessions =>
        {
            byte[] page = new byte[4096];
            var writer = new BlockWriter(page, LuoAbi.SessionSize);
            foreach ((byte[] name, ulong files, ulong count) in sessions)
                SessionRecord.Write(writer.Append(), name, new PhysicalAddress(files), count);

            BlockReader reader = BlockReader.OfSessions(page);
            if (reader.Count != sessions.Length)
                return false;

            for (int i = 0; i < sessions.Length; i++)
            {
                (byte[] name, ulong files, ulong count) = sessions[i];
                var record = SessionRecord.Read(reader[i]);
                if (!record.Name.SequenceEqual(name.AsSpan(0, Math.Min(63, name.Length))) || record.Files.Value != files
                    || record.FileCount != count)
                {
                    return false;
                }
            }

            return true;
        });

    [Test]
    public void MemfdRecordsComeBack() =>
        Gen.Select(Gen.ULong, Gen.ULong, Gen.UInt, Gen.ULong, Gen.Select(Gen.ULong, Gen.UInt, Gen.UShort, Gen.UShort))
            .Sample((position, size, seals, count, array) =>
            {
                var folios = new VmallocDescriptor(new PhysicalAddress(array.Item1), array.Item2, array.Item3, array.Item4);
                var record = new MemfdRecord(position, size, seals, count, folios);
                byte[] bytes = new byte[48];
                record.Write(bytes);
                return MemfdRecord.Read(bytes) == record;
            });

    [Test]
    public void FoliosComeBack() =>
        Gen.Select(Gen.ULong[0, MemfdAbi.FolioPfnMask], Gen.UInt[0, MemfdAbi.FolioFlagsMask], Gen.ULong).Sample((frame, flags, index) =>
        {
            var folio = new FolioRecord(frame, flags, index);
            byte[] bytes = new byte[16];
            folio.Write(bytes);
            FolioRecord read = FolioRecord.Read(bytes);
            return read == folio && read.PageFrame == frame && read.Flags == flags && read.Index == index;
        });

    [Test]
    public void AFlippedBitIsReadOrIsABadImage() =>
        Gen.Select(Gen.Int[0, 4], Gen.Int[0, (80 * 8) - 1].Array[1, 4]).Sample((which, bits) =>
        {
            byte[] image = which switch
            {
                0 => Golden.Root,
                1 => Golden.SessionBlock,
                2 => Golden.FileBlock,
                3 => Golden.FlbPage,
                _ => Golden.Memfd,
            };
            int used = Math.Min(image.Length, 80);
            foreach (int bit in bits)
                image[bit / 8 % used] ^= (byte)(1 << (bit % 8));

            ReadAll(which, image);
        }, iter: Samples);

    [Test]
    public void RandomBytesAreReadOrAreABadImage() =>
        Gen.Select(Gen.Int[0, 4], Gen.Byte.Array[4096], Gen.Byte[0, 70]).Sample((which, image, count) =>
        {
            // Half of the images get a header that may be right, so that the bytes behind it are looked at.
            if ((image[^1] & 1) == 0)
            {
                Golden.FlbPage.AsSpan(0, 16).CopyTo(image);
                image[8] = count;
            }

            ReadAll(which, image);
        }, iter: Samples);

    private static void ReadAll(int which, byte[] image)
    {
        try
        {
            switch (which)
            {
                case 0:
                    LuoRootSerializer.Read(image);
                    break;
                case 1:
                    BlockReader sessions = BlockReader.OfSessions(image);
                    for (int i = 0; i < sessions.Count; i++)
                        FixedString.Decode(SessionRecord.Read(sessions[i]).Name);
                    break;
                case 2:
                    BlockReader files = BlockReader.OfFiles(image);
                    FileRecordReader.ReadRun(files.Entries, CompatibleField.Encode("memfd-v2"), new FileRecordData[63]);
                    for (int i = 0; i < files.Count; i++)
                        FixedString.Decode(FileRecord.Read(files[i]).Compatible);
                    break;
                case 3:
                    FlbPage.IndexOf(FlbPage.Read(image), CompatibleField.Encode("iommu-core-v1"));
                    break;
                default:
                    MemfdRecord.Read(image).Check(new PhysicalAddress(0x1000));
                    break;
            }
        }
        catch (LiveUpdateImageException damaged)
        {
            Assert.That(damaged.Expected, Is.Not.Empty);
        }
    }
}
