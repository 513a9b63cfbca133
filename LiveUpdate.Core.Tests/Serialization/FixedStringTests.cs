using System.Text;
using LiveUpdate.Serialization;

namespace LiveUpdate.Tests.Serialization;

/// <summary>Fields of text: .</summary>
public class FixedStringTests
{
    [TestCase("", 8, "")]
    [TestCase("luo-v5", 8, "luo-v5")]
    [TestCase("1234567", 8, "1234567")]
    [TestCase("12345678", 8, "1234567")]
    [TestCase("123456789", 8, "1234567")]
    [TestCase("abc\0def", 8, "abc")]
    [TestCase("\0def", 8, "")]
    [TestCase("x", 1, "")]
    [TestCase("größe", 48, "größe")]
    public void A05_WriteCutsAndTerminates(string text, int size, string expected)
    {
        byte[] field = new byte[size];
        int written = FixedString.Write(field, Encoding.UTF8.GetBytes(text));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(written, Is.EqualTo(Encoding.UTF8.GetByteCount(expected)));
            Assert.That(FixedString.Decode(FixedString.Read(field)), Is.EqualTo(expected));
            Assert.That(FixedString.IsTerminated(field));
            Assert.That(field.AsSpan(written).IndexOfAnyExcept((byte)0), Is.EqualTo(-1), "a zeroed field stays zero behind the text");
        }
    }

    [Test]
    public void A05_WriteLeavesTheBytesBehindTheNul()
    {
        byte[] field = [.. Enumerable.Repeat((byte)0xAA, 8)];
        FixedString.Write(field, "ab"u8);
        Assert.That(field, Is.EqualTo(new byte[] { (byte)'a', (byte)'b', 0, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA }));
    }

    [Test]
    public void A05_TheCutMayFallInsideACharacter()
    {
        byte[] field = new byte[4];
        FixedString.Write(field, "abé"u8);
        Assert.That(field, Is.EqualTo(new byte[] { (byte)'a', (byte)'b', 0xC3, 0 }));
        Assert.That(FixedString.Decode(FixedString.Read(field)), Is.EqualTo("ab\uFFFD"));
    }

    [Test]
    public void AnEmptyFieldTakesNothing() =>
        Assert.That(() => FixedString.Write([], "a"u8), Throws.ArgumentException.With.Property("ParamName").EqualTo("field"));

    [Test]
    public void A32_AnUnterminatedNameIsItsFirst63Bytes()
    {
        byte[] field = [.. Enumerable.Repeat((byte)'n', 64)];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(FixedString.ReadName(field).Length, Is.EqualTo(63));
            Assert.That(FixedString.Read(field).Length, Is.EqualTo(64));
            Assert.That(FixedString.IsTerminated(field), Is.False);
            Assert.That(FixedString.ReadName([]).Length, Is.Zero);
        }
    }

    [Test]
    public void A34_AnUnterminatedFieldMatchesNothing()
    {
        byte[] field = [.. Enumerable.Repeat((byte)'c', 48)];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(FixedString.Matches(field, field), Is.False);
            Assert.That(FixedString.Matches(field, field.AsSpan(0, 47)), Is.False);
            field[47] = 0;
            Assert.That(FixedString.Matches(field, field.AsSpan(0, 47)));
        }
    }

    [Test]
    public void A05_BytesBehindTheNulAreNotCompared()
    {
        byte[] field = "abc\0garbage"u8.ToArray();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(FixedString.Matches(field, "abc"u8));
            Assert.That(FixedString.Matches(field, "ab"u8), Is.False);
            Assert.That(FixedString.Matches(field, "abc\0garbag"u8), Is.False);
            Assert.That(FixedString.Matches(field, "abcd"u8), Is.False);
        }
    }

    [Test]
    public void InternGivesOneStringForOneText() =>
        Assert.That(FixedString.Intern("memfd-v2"u8), Is.EqualTo("memfd-v2").And.SameAs(FixedString.Intern("memfd-v2"u8.ToArray())));

    [Test]
    public void QuoteEscapesWhatDoesNotPrint()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(FixedString.Quote("a\"\u0001\0"u8), Is.EqualTo("\"a\\x22\\x01\""));
            Assert.That(FixedString.Quote("ab"u8), Is.EqualTo("\"ab\" without NUL"));
        }
    }
}
