using LiveUpdate.Serialization;

namespace LiveUpdate.Tests.Serialization;

/// <summary>The root record: .</summary>
public class LuoRootSerializerTests
{
    private static readonly PhysicalAddress s_address = new(0x102050000);

    [TestCase(0)]
    [TestCase(7)]
    [TestCase(8)]
    [TestCase(31)]
    public void A11_AShortBlobIsABadImage(int size) =>
        Assert.That(
            () => LuoRootSerializer.Read(Golden.Root.AsSpan(0, size), s_address),
            Throws.TypeOf<LiveUpdateImageException>()
                .With.Property("Error").EqualTo(LiveUpdateError.InvalidArgument)
                .And.Property("Address").EqualTo(s_address)
                .And.Property("Expected").EqualTo("at least 32 bytes")
                .And.Property("Found").EqualTo(size.ToString(System.Globalization.CultureInfo.InvariantCulture)));

    [TestCase("luo-v4\0\0", "\"luo-v4\"")]
    [TestCase("luo-v55\0", "\"luo-v55\"")]
    [TestCase("luo-v5xx", "\"luo-v5xx\" without NUL")]
    [TestCase("luo-v\0\0\0", "\"luo-v\"")]
    [TestCase("LUO-V5\0\0", "\"LUO-V5\"")]
    [TestCase("\0luo-v5\0", "\"\"")]
    [TestCase("\u0001\u007fbcdef\0", "\"\\x01\\x7fbcdef\"")]
    public void A11_AnotherVersionIsABadImage(string compatible, string found)
    {
        byte[] blob = Golden.Root;
        System.Text.Encoding.ASCII.GetBytes(compatible, blob);
        Assert.That(
            () => LuoRootSerializer.Read(blob, s_address),
            Throws.TypeOf<LiveUpdateImageException>()
                .With.Property("Error").EqualTo(LiveUpdateError.InvalidArgument)
                .And.Property("Offset").EqualTo(0)
                .And.Property("Expected").EqualTo("\"luo-v5\"")
                .And.Property("Found").EqualTo(found)
                .And.Message.Contains("0x102050000"));
    }

    [Test]
    public void A11_TheSizeIsCheckedBeforeTheVersion() =>
        Assert.That(
            () => LuoRootSerializer.Read(new byte[31]),
            Throws.TypeOf<LiveUpdateImageException>().With.Property("Expected").EqualTo("at least 32 bytes"));

    [Test]
    public void A11_ALargerBlobIsAccepted()
    {
        byte[] blob = [.. Golden.Root, .. Enumerable.Repeat((byte)0xFF, 4064)];
        Assert.That(LuoRootSerializer.Read(blob), Is.EqualTo(LuoRootSerializer.Read(Golden.Root)));
    }

    [Test]
    public void A11_BytesBehindTheNulAreIgnored()
    {
        byte[] blob = Golden.Root;
        blob[7] = 0xFF;
        Assert.That(LuoRootSerializer.Read(blob), Is.EqualTo(LuoRootSerializer.Read(Golden.Root)));
    }

    [Test]
    public void A12_TheLargestNumbersSurvive()
    {
        var root = new LuoRoot(ulong.MaxValue, new PhysicalAddress(ulong.MaxValue), new PhysicalAddress(ulong.MaxValue - 1));
        byte[] blob = new byte[32];
        LuoRootSerializer.Write(blob, in root);
        Assert.That(LuoRootSerializer.Read(blob), Is.EqualTo(root));
    }

    [Test]
    public void OnlyTheRecordIsWritten()
    {
        byte[] page = [.. Enumerable.Repeat((byte)0xAA, 64)];
        LuoRootSerializer.Write(page, default);
        Assert.That(page.AsSpan(32).IndexOfAnyExcept((byte)0xAA), Is.EqualTo(-1));
    }
}
