using LiveUpdate.Serialization;

namespace LiveUpdate.Tests.Serialization;

/// <summary>A span that is one byte too short is misuse: <see cref="ArgumentException"/>, and nothing is written.</summary>
public class ShortSpanTests
{
    private static IEnumerable<TestCaseData> Calls()
    {
        yield return Call("root write", 32, span => LuoRootSerializer.Write(span, default));
        yield return Call("root write sessions", 32, span => LuoRootSerializer.WriteSessions(span, default));
        yield return Call("block writer", 4096, span => _ = new BlockWriter(span, 64).Count);
        yield return Call("session block", 4096, span => _ = BlockReader.OfSessions(span).Count);
        yield return Call("file block", 4096, span => _ = BlockReader.OfFiles(span).Count);
        yield return Call("session read", 80, span => SessionRecord.Read(span));
        yield return Call("session write", 80, span => SessionRecord.Write(span, "s"u8, default, 0));
        yield return Call("session write files", 80, span => SessionRecord.WriteFiles(span, default, 0));
        yield return Call("session clear", 80, span => SessionRecord.Clear(span));
        yield return Call("file read", 64, span => FileRecord.Read(span));
        yield return Call("file write", 64, span => FileRecord.Write(span, "f"u8, default, 0));
        yield return Call("file write encoded", 64, span => FileRecord.Write(span, CompatibleField.Encode("f"), default, 0));
        yield return Call("compatible matches", 48, span => CompatibleField.Encode("f").Matches(span));
        yield return Call("compatible read", 48, span => CompatibleField.TryRead(span, out _));
        yield return Call("FLB header", 4096, span => FlbPage.WriteHeader(span, 1));
        yield return Call("FLB entry", 4096, span => FlbPage.WriteEntry(span, 0, "f"u8, default, 1));
        yield return Call("FLB read", 4096, span => FlbPage.Read(span));
        yield return Call("memfd read", 48, span => MemfdRecord.Read(span));
        yield return Call("memfd write", 48, span => default(MemfdRecord).Write(span));
        yield return Call("folio read", 16, span => FolioRecord.Read(span));
        yield return Call("folio write", 16, span => default(FolioRecord).Write(span));
        yield return Call("vmalloc read", 16, span => VmallocDescriptor.Read(span));
        yield return Call("vmalloc write", 16, span => default(VmallocDescriptor).Write(span));
        yield return Call("kexec metadata write", 73, span => KexecMetadata.Write(span, "r"u8, 1));
    }

    public delegate void SpanCall(Span<byte> span);

    [TestCaseSource(nameof(Calls))]
    public void OneByteTooShort(int needed, SpanCall call)
    {
        byte[] buffer = [.. Enumerable.Repeat((byte)0xA5, needed)];
        Assert.That(() => call(buffer.AsSpan(0, needed - 1)), Throws.TypeOf<ArgumentException>());
        Assert.That(() => call([]), Throws.TypeOf<ArgumentException>());
        Assert.That(buffer.AsSpan().IndexOfAnyExcept((byte)0xA5), Is.EqualTo(-1));
    }

    private static TestCaseData Call(string name, int needed, SpanCall call) =>
        new TestCaseData(needed, call).SetArgDisplayNames(name);
}
