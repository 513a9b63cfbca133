using LiveUpdate.Serialization;

namespace LiveUpdate.Tests.Serialization;

/// <summary>The blob <c>kexec-metadata</c>: 2.10, A-80.</summary>
public class KexecMetadataTests
{
    [Test]
    public void TheBlobIsPacked()
    {
        byte[] blob = new byte[73];
        KexecMetadata.Write(blob, "7.3.4"u8, 0x04030201);
        byte[] expected = new byte[73];
        expected[0] = 1;
        "7.3.4"u8.CopyTo(expected.AsSpan(4));
        new byte[] { 1, 2, 3, 4 }.CopyTo(expected, 69);
        Assert.That(blob, Is.EqualTo(expected));

        Assert.That(KexecMetadata.TryRead(blob, out KexecMetadata metadata));
        Assert.That(metadata.PreviousRelease.SequenceEqual("7.3.4"u8));
        Assert.That(metadata.KexecCount, Is.EqualTo(0x04030201u));
    }

    [Test]
    public void A80_AShortBlobIsIgnored([Values(0, 3, 4, 72)] int size)
    {
        byte[] blob = new byte[73];
        KexecMetadata.Write(blob, "7.3.4"u8, 1);
        Assert.That(KexecMetadata.TryRead(blob.AsSpan(0, size), out KexecMetadata metadata), Is.False);
        Assert.That(metadata.KexecCount, Is.Zero);
    }

    [Test]
    public void A80_AnotherVersionIsIgnored([Values((byte)0, (byte)2, (byte)0xFF)] byte version)
    {
        byte[] blob = new byte[73];
        KexecMetadata.Write(blob, "7.3.4"u8, 1);
        blob[0] = version;
        Assert.That(KexecMetadata.TryRead(blob, out _), Is.False);
    }

    [Test]
    public void ALargerBlobIsRead()
    {
        byte[] blob = new byte[4096];
        KexecMetadata.Write(blob, "r"u8, uint.MaxValue);
        Assert.That(KexecMetadata.TryRead(blob, out KexecMetadata metadata));
        Assert.That(metadata.KexecCount, Is.EqualTo(uint.MaxValue));
    }

    [Test]
    public void A05_ALongReleaseIsCutAndAnUnterminatedOneEnds()
    {
        byte[] blob = new byte[73];
        byte[] release = [.. Enumerable.Repeat((byte)'r', 80)];
        KexecMetadata.Write(blob, release, 7);
        Assert.That(blob[68], Is.Zero);
        blob[68] = (byte)'r';
        Assert.That(KexecMetadata.TryRead(blob, out KexecMetadata metadata));
        Assert.That(metadata.PreviousRelease.Length, Is.EqualTo(64));
        Assert.That(metadata.KexecCount, Is.EqualTo(7u));
    }
}
