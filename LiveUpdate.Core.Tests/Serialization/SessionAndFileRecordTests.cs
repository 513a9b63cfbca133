using LiveUpdate.Serialization;

namespace LiveUpdate.Tests.Serialization;

/// <summary>Entries of sessions and files, F-32, F-35.</summary>
public class SessionAndFileRecordTests
{
    [Test]
    public void A31_CountWithoutBlocksIsAnEmptySession()
    {
        byte[] entry = new byte[80];
        SessionRecord.Write(entry, "s"u8, PhysicalAddress.None, 2);
        var session = SessionRecord.Read(entry);
        Assert.That(session.IsEmpty);
        Assert.That(session.FileCount, Is.EqualTo(2UL));
    }

    [Test]
    public void A32_ANameWithoutNulIsItsFirst63Bytes()
    {
        byte[] entry = new byte[80];
        entry.AsSpan(0, 64).Fill((byte)'n');
        var session = SessionRecord.Read(entry);
        Assert.That(session.Name.Length, Is.EqualTo(63));
        Assert.That(session.Name.IndexOfAnyExcept((byte)'n'), Is.EqualTo(-1));
    }

    [Test]
    public void A05_ALongNameIsCutAndTerminated()
    {
        byte[] entry = new byte[80];
        byte[] name = [.. Enumerable.Repeat((byte)'n', 64)];
        SessionRecord.WriteName(entry, name);
        Assert.That(entry[63], Is.Zero);
        Assert.That(SessionRecord.Read(entry).Name.Length, Is.EqualTo(63));
    }

    [Test]
    public void ANameThatIsNotAsciiKeepsItsBytes()
    {
        byte[] entry = new byte[80];
        byte[] name = [0xFF, 0xFE, 0x80, .. "größe"u8];
        SessionRecord.WriteName(entry, name);
        Assert.That(SessionRecord.Read(entry).Name.SequenceEqual(name));
    }

    [Test]
    public void F32_FilesAreWrittenBeforeTheName()
    {
        byte[] apart = new byte[80];
        SessionRecord.WriteFiles(apart, new PhysicalAddress(0x8000), 5);
        Assert.That(SessionRecord.Read(apart).Name.Length, Is.Zero);
        SessionRecord.WriteName(apart, "s"u8);

        byte[] whole = new byte[80];
        SessionRecord.Write(whole, "s"u8, new PhysicalAddress(0x8000), 5);
        Assert.That(apart, Is.EqualTo(whole));
        SessionRecord.Clear(apart);
        Assert.That(apart, Is.EqualTo(new byte[80]));
    }

    [Test]
    public void A34_AnUnterminatedCompatibleSaysSo()
    {
        byte[] entry = new byte[64];
        entry.AsSpan(0, 48).Fill((byte)'c');
        var file = FileRecord.Read(entry);
        Assert.That(file.IsTerminated, Is.False);
        Assert.That(file.Compatible.Length, Is.EqualTo(48));
        Assert.That(CompatibleField.Encode(new string('c', 47)).Matches(file.CompatibleBytes), Is.False);
    }

    [Test]
    public void ARecordIsACopy()
    {
        byte[] entry = Golden.FileBlock[16..80];
        var file = FileRecord.Read(entry);
        entry.AsSpan().Fill(0xFF);
        Assert.That(file.Token, Is.EqualTo(new Token(0x1234)));
        Assert.That(file.Compatible.SequenceEqual("memfd-v2"u8));
    }

    [Test]
    public void F12_EveryTokenAndHandleSurvives([Values(0UL, 1UL, ulong.MaxValue)] ulong token, [Values(0UL, ulong.MaxValue)] ulong data)
    {
        byte[] entry = new byte[64];
        FileRecord.Write(entry, "h"u8, new DataHandle(data), token);
        var file = FileRecord.Read(entry);
        Assert.That(file.Token, Is.EqualTo(new Token(token)));
        Assert.That(file.Data, Is.EqualTo(new DataHandle(data)));
    }
}
