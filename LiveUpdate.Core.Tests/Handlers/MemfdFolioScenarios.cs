using System.Runtime.Versioning;
using LiveUpdate.Abi;
using LiveUpdate.Tests.Infrastructure;
using LiveUpdate.Tests.Kho;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Tests.Handlers;

/// <summary>
/// Records of <c>memfd-v2</c> and their folios, by a handler that copies: reference 7.8, T-176, T-177, T-186, T-190, T-191.
/// </summary>
[Platform("Linux", Reason = "Memfds are Linux's.")]
[SupportedOSPlatform("linux")]
public class MemfdFolioScenarios
{
    private Generation _first = null!;

    [SetUp]
    public void SetUp() => _first = Generation.Boot(new CopyingMemfdHandler());

    [TearDown]
    public void TearDown() => _first.Dispose();

    [Test]
    public void T_176_the_holes_of_a_sparse_file_are_filled()
    {
        using SafeFileHandle file = Memfd.Create(size: 8 * LuoAbi.PageSize);
        RandomAccess.Write(file, "page five"u8, 5 * LuoAbi.PageSize);
        Generation next = Boot(Preserve(file));
        using (IncomingMemfdCopy copy = Peek(next))
        {
            (ulong, uint)[] all = [.. Enumerable.Range(0, 8).Select(static i => ((ulong)i, 3U))];
            Assert.That(copy.Folios.Select(static folio => (folio.Index, folio.Flags)), Is.EqualTo(all));
            using SafeFileHandle rebuilt = copy.Rebuild();
            byte[] content = new byte[8 * LuoAbi.PageSize];
            Assert.That(RandomAccess.Read(rebuilt, content, 0), Is.EqualTo(content.Length));
            byte[] expected = new byte[content.Length];
            "page five"u8.CopyTo(expected.AsSpan(5 * LuoAbi.PageSize));
            Assert.That(content, Is.EqualTo(expected));
        }
    }

    [Test]
    public void T_177_five_thousand_bytes_are_two_pages()
    {
        using SafeFileHandle file = Memfd.Create(size: 5000);
        Generation next = Boot(Preserve(file));
        using (IncomingMemfdCopy copy = Peek(next))
            Assert.That((copy.Record.Size, copy.Record.FolioCount), Is.EqualTo((5000UL, 2UL)));
    }

    [Test]
    public void T_186_a_seal_that_is_not_known_is_refused_for_good()
    {
        using SafeFileHandle file = Memfd.Create(size: 5000);
        HandedOverImage image = Preserve(file);
        image.At<MemfdLuoSer>(new PhysicalAddress(image.File(0, 0).Data)).Seals |= 0x40;
        AssertRefusedForGood(Boot(image), LiveUpdateError.NotSupported);
    }

    [Test]
    public void T_190_what_was_not_retrieved_is_released()
    {
        using SafeFileHandle file = Memfd.Create(size: 100 * LuoAbi.PageSize);
        Generation next = Boot(Preserve(file));
        using Session session = next.Retrieve("s");
        Assert.That(next.Engine.Memory.GetAccount().UnrestoredPages, Is.EqualTo(103), "a hundred folios, array, chunk and record");
        session.Finish();
        AssertNothingIsLeft(next);
    }

    [Test]
    public void T_191_a_folio_that_was_not_preserved_is_an_error_for_good()
    {
        using SafeFileHandle file = Memfd.Create(size: 3 * LuoAbi.PageSize);
        HandedOverImage image = Preserve(file);
        ref MemfdLuoSer record = ref image.At<MemfdLuoSer>(new PhysicalAddress(image.File(0, 0).Data));
        var page = new PhysicalAddress(image.At<ulong>(new PhysicalAddress(record.Folios.FirstAddress) + KhoAbi.VmallocChunkHeaderSize));
        ref ulong folio = ref image.At<ulong>(page + MemfdAbi.FolioSize);
        folio = (folio & ~MemfdAbi.FolioPfnMask) | ((ulong)(image.Memory.Base + image.Memory.Length).Value >> LuoAbi.PageShift) - 1;
        Generation next = Boot(image);
        using Session session = next.Retrieve("s");
        Refused.With(LiveUpdateError.InputOutput, () => session.Retrieve(1));
        Refused.With(LiveUpdateError.InputOutput, () => session.Retrieve(1));
        Held before = next.Held;
        session.Finish();
        Assert.That(next.Luo.CleanupErrors, Is.Empty);
        Assert.That(next.Engine.Memory.GetAccount().UnrestoredPages, Is.EqualTo(1), "the folio that nothing leads to any more");
        Assert.That(before.Pages, Does.EndWith("unrestored: 1"), "finish released nothing a second time");
        Generations.AssertBalanced(next.Engine.Memory);
    }

    [Test]
    public void A_memfd_comes_back_equal_through_its_record()
    {
        using SafeFileHandle file = Memfd.Create(size: 1000 * LuoAbi.PageSize);
        using Generation first = Generation.Boot(8L << 20, new CopyingMemfdHandler());
        for (int i = 0; i < 1000; i++)
            RandomAccess.Write(file, BitConverter.GetBytes(i), i * LuoAbi.PageSize);
        Memfd.Seal(file, (int)(MemfdAbi.SealGrow | MemfdAbi.SealWrite));
        first.Create("s").Preserve(1, file);
        Generation next = first.Update();
        using Session session = next.Retrieve("s");
        using SafeFileHandle retrieved = session.Retrieve<SafeFileHandle>(1);
        byte[] number = new byte[sizeof(int)];
        for (int i = 0; i < 1000; i++)
        {
            RandomAccess.Read(retrieved, number, i * LuoAbi.PageSize);
            Assert.That(BitConverter.ToInt32(number), Is.EqualTo(i));
        }

        Assert.That((RandomAccess.GetLength(retrieved), Memfd.Seals(retrieved)), Is.EqualTo((1000L * LuoAbi.PageSize, 0x0C)));
        session.Finish();
        AssertNothingIsLeft(next);
    }

    [Test]
    public void Closing_the_session_frees_the_copy()
    {
        Held before = _first.Held;
        using SafeFileHandle file = Memfd.Create(size: 10 * LuoAbi.PageSize);
        using (Session session = _first.Create("s"))
            session.Preserve(1, file);
        Assert.That(_first.Held, Is.EqualTo(before));
    }

    private HandedOverImage Preserve(SafeFileHandle file)
    {
        _first.Create("s").Preserve(1, file);
        return _first.Stop();
    }

    private static Generation Boot(HandedOverImage image) => image.Boot(new CopyingMemfdHandler());

    /// <summary>The memfd of session s as it came, to look at instead of the handler.</summary>
    private static IncomingMemfdCopy Peek(Generation next)
    {
        using Session session = next.Retrieve("s");
        return new IncomingMemfdCopy(next.Engine.Memory, session.GetFiles()[0].Data.Address);
    }

    private static void AssertRefusedForGood(Generation next, LiveUpdateError error)
    {
        using Session session = next.Retrieve("s");
        Refused.With(error, () => session.Retrieve(1));
        Refused.With(error, () => session.Retrieve(1));
        session.Finish();
        AssertNothingIsLeft(next);
    }

    private static void AssertNothingIsLeft(Generation next)
    {
        Assert.That(next.Luo.CleanupErrors, Is.Empty);
        Assert.That(next.Held.Pages, Is.EqualTo("LUO root: 3, unrestored: 0"));
        Generations.AssertBalanced(next.Engine.Memory);
    }
}
