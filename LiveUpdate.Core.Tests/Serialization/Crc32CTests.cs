using LiveUpdate.Serialization;

namespace LiveUpdate.Tests.Serialization;

public class Crc32CTests
{
    [Test]
    public void CheckValueOfTheAlgorithm() => Assert.That(Crc32C.Of("123456789"u8), Is.EqualTo(0xE3069283));

    [Test]
    public void NothingIsZero() => Assert.That(Crc32C.Of([]), Is.Zero);

    [Test]
    public void PartsGiveWhatTheWholeGives()
    {
        byte[] bytes = new byte[300];
        new Random(7).NextBytes(bytes);
        for (int cut = 0; cut <= bytes.Length; cut++)
        {
            var crc = default(Crc32C);
            crc.Append(bytes.AsSpan(0, cut));
            crc.Append(bytes.AsSpan(cut));
            Assert.That(crc.Value, Is.EqualTo(Crc32C.Of(bytes)));
        }
    }
}
