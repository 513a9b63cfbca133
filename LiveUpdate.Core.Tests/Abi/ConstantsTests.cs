using System.Text;
using LiveUpdate.Abi;

namespace LiveUpdate.Tests.Abi;

/// <summary>The constants against the literal numbers of the reference.</summary>
public class ConstantsTests
{
    [Test]
    public void BlocksHoldWhatTheReferenceSays()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(LuoAbi.PageSize, Is.EqualTo(4096));
            Assert.That(LuoAbi.SessionsPerBlock, Is.EqualTo(51));
            Assert.That(LuoAbi.FilesPerBlock, Is.EqualTo(63));
            Assert.That(LuoAbi.MaxFlbs, Is.EqualTo(63));
            Assert.That(LuoAbi.MaxBlocks, Is.EqualTo(10_000));
            Assert.That(LuoAbi.MaxBlocksWalked, Is.EqualTo(20_000));
            Assert.That(LuoAbi.MaxSessions, Is.EqualTo(510_000));
            Assert.That(LuoAbi.MaxFilesPerSession, Is.EqualTo(630_000));
        }
    }

    [Test]
    public unsafe void SizesInConstantsAreTheSizesOfTheStructs()
    {
        // sizeof needs unsafe for these types; nothing is dereferenced.
        using (Assert.EnterMultipleScope())
        {
            Assert.That(sizeof(LuoSer), Is.EqualTo(LuoAbi.RootSize));
            Assert.That(sizeof(KhoBlockHeaderSer), Is.EqualTo(LuoAbi.BlockHeaderSize));
            Assert.That(sizeof(LuoSessionSer), Is.EqualTo(LuoAbi.SessionSize));
            Assert.That(sizeof(LuoFileSer), Is.EqualTo(LuoAbi.FileSize));
            Assert.That(sizeof(LuoFlbHeaderSer), Is.EqualTo(LuoAbi.FlbHeaderSize));
            Assert.That(sizeof(LuoFlbSer), Is.EqualTo(LuoAbi.FlbSize));
            Assert.That(sizeof(MemfdLuoSer), Is.EqualTo(MemfdAbi.RecordSize));
            Assert.That(sizeof(MemfdLuoFolioSer), Is.EqualTo(MemfdAbi.FolioSize));
            Assert.That(sizeof(KexecMetadataSer), Is.EqualTo(KexecMetadataAbi.Size));
            Assert.That(sizeof(Bytes8), Is.EqualTo(LuoAbi.RootCompatibleLength));
            Assert.That(sizeof(Bytes48), Is.EqualTo(LuoAbi.CompatibleLength));
            Assert.That(sizeof(Bytes64), Is.EqualTo(LuoAbi.SessionNameLength));
            Assert.That(sizeof(Bytes65), Is.EqualTo(KexecMetadataAbi.ReleaseLength));
        }
    }

    [Test]
    public void RequestsAreTheNumbersOfTheReference()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(LiveUpdateIoctl.CreateSession, Is.EqualTo(47616u));
            Assert.That(LiveUpdateIoctl.RetrieveSession, Is.EqualTo(47617u));
            Assert.That(LiveUpdateIoctl.PreserveFd, Is.EqualTo(47680u));
            Assert.That(LiveUpdateIoctl.RetrieveFd, Is.EqualTo(47681u));
            Assert.That(LiveUpdateIoctl.Finish, Is.EqualTo(47682u));
            Assert.That(LiveUpdateIoctl.GetName, Is.EqualTo(47683u));
            Assert.That(LiveUpdateIoctl.DevicePath, Is.EqualTo("/dev/liveupdate"));
        }
    }

    [Test]
    public void HandoverConstantsAreTheNumbersOfTheReference()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(KhoAbi.MaxAllocationSize, Is.EqualTo(4 * 1024 * 1024));
            Assert.That(KhoAbi.RadixTableEntries, Is.EqualTo(512));
            Assert.That(KhoAbi.RadixLeafBits, Is.EqualTo(32_768));
            Assert.That(KhoAbi.RadixOrderZeroBit, Is.EqualTo(52));
            Assert.That(KhoAbi.RadixLevels, Is.EqualTo(6));
            Assert.That(KhoAbi.RadixKeyBits, Is.EqualTo(53));
            Assert.That(KhoAbi.VmallocAddressesPerChunk, Is.EqualTo(511));
            Assert.That(KhoAbi.SetupDataType, Is.EqualTo(10u));
            Assert.That(MemfdAbi.SupportedSeals, Is.EqualTo(0x3Fu));
            Assert.That(MemfdAbi.MaxPages, Is.EqualTo(4_294_967_295UL));
            Assert.That(MemfdAbi.FolioPfnMask, Is.EqualTo(0x000F_FFFF_FFFF_FFFFUL));
        }
    }

    [Test]
    public void EncodedStringsSayWhatTheStringsSay()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Encoding.UTF8.GetString(LuoAbi.CompatibleUtf8), Is.EqualTo(LuoAbi.Compatible).And.EqualTo("luo-v5"));
            Assert.That(Encoding.UTF8.GetString(LuoAbi.SubtreeNameUtf8), Is.EqualTo(LuoAbi.SubtreeName).And.EqualTo("LUO"));
            Assert.That(Encoding.UTF8.GetString(KhoAbi.CompatibleUtf8), Is.EqualTo(KhoAbi.Compatible).And.EqualTo("kho-v4"));
            Assert.That(Encoding.UTF8.GetString(MemfdAbi.CompatibleUtf8), Is.EqualTo(MemfdAbi.Compatible).And.EqualTo("memfd-v2"));
            Assert.That(
                Encoding.UTF8.GetString(KexecMetadataAbi.SubtreeNameUtf8),
                Is.EqualTo(KexecMetadataAbi.SubtreeName).And.EqualTo("kexec-metadata"));
        }
    }
}
