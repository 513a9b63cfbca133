using LiveUpdate.Serialization;

namespace LiveUpdate.Tests.Serialization;

/// <summary>Compatible strings encoded once: A-34, 4.13.</summary>
public class CompatibleFieldTests
{
    [Test]
    public void AStringOf47BytesIsTheLongest()
    {
        var field = CompatibleField.Encode(new string('c', 47));
        Assert.That(field.Bytes.Length, Is.EqualTo(48));
        Assert.That(field.Bytes[47], Is.Zero);
        Assert.That(field.Text.Length, Is.EqualTo(47));
        Assert.That(field.Matches(field.Bytes));
        Assert.That(field.ToString(), Is.EqualTo(new string('c', 47)));
    }

    [TestCase("")]
    [TestCase("a\0b")]
    [TestCase("\0")]
    [TestCase("cccccccccccccccccccccccccccccccccccccccccccccccc")]
    [TestCase("éééééééééééééééééééééééé", Description = "24 characters, 48 bytes")]
    public void AStringThatWouldNotMatchItselfIsRefused(string compatible) =>
        Assert.That(() => CompatibleField.Encode(compatible).Text.Length, Throws.ArgumentException);

    [Test]
    public void NullIsRefused() => Assert.That(() => CompatibleField.Encode(null!).Text.Length, Throws.ArgumentNullException);

    [Test]
    public void AFieldIsAKeyWhateverLiesBehindItsNul()
    {
        byte[] field = new byte[48];
        FixedString.Write(field, "memfd-v2"u8);
        field.AsSpan(9).Fill(0xFF);
        var handlers = new Dictionary<CompatibleField, int> { [CompatibleField.Encode("memfd-v2")] = 1 };
        Assert.That(CompatibleField.TryRead(field, out CompatibleField key));
        Assert.That(handlers.ContainsKey(key));
        Assert.That(key.Bytes[9..].IndexOfAnyExcept((byte)0), Is.EqualTo(-1));
        Assert.That(key, Is.Not.EqualTo(CompatibleField.Encode("memfd-v20")));
        Assert.That(key != CompatibleField.Encode("memfd-v"));
    }

    [Test]
    public void A34_AFieldThatIsEmptyOrUnterminatedIsNoKey()
    {
        byte[] field = new byte[48];
        Assert.That(CompatibleField.TryRead(field, out _), Is.False);
        field.AsSpan().Fill((byte)'c');
        Assert.That(CompatibleField.TryRead(field, out _), Is.False);
        field[47] = 0;
        Assert.That(CompatibleField.TryRead(field, out CompatibleField longest));
        Assert.That(longest, Is.EqualTo(CompatibleField.Encode(new string('c', 47))));
    }

    [Test]
    public void APrefixDoesNotMatch()
    {
        var shorter = CompatibleField.Encode("memfd-v2");
        var longer = CompatibleField.Encode("memfd-v20");
        Assert.That(shorter.Matches(longer.Bytes), Is.False);
        Assert.That(longer.Matches(shorter.Bytes), Is.False);
    }

    [Test]
    public void A05_BytesBehindTheNulAreNotCompared()
    {
        var compatible = CompatibleField.Encode("memfd-v2");
        byte[] field = compatible.Bytes.ToArray();
        field.AsSpan(9).Fill(0xFF);
        Assert.That(compatible.Matches(field));
    }
}
