using System.Buffers.Binary;
using System.Runtime.Versioning;
using LiveUpdate.Abi;
using LiveUpdate.Kho;
using LiveUpdate.Samples.ScenarioRunner;
using LiveUpdate.Serialization;
using LiveUpdate.Tests.Handlers;
using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Kho;

/// <summary>
/// The same scenario on a real kernel and on the managed orchestrator: both hand-overs are read by the same readers, and are the same bytes
/// but for addresses, the data handles of files, and what their handlers put behind them.
/// </summary>
[Platform("Linux", Reason = "memfds are of Linux")]
[SupportedOSPlatform("linux")]
public sealed class ManagedImageTests
{
    private const int Page = Generations.Page;

    private static readonly string s_folder = Path.Combine(TestContext.CurrentContext.TestDirectory, "Fixtures", "images", "mixed-sessions");

    private KhoMemory _memory;
    private LiveUpdateOrchestrator _orchestrator;
    private ManagedMachine _machine;
    private KexecHandover _next;
    private KhoImage _image;
    private LuoImage _kernel;
    private LuoImage _managed;

    [OneTimeSetUp]
    public void HandOver()
    {
        var handler = new CopyingMemfdHandler();
        for (int i = 0; i < TestFlb.Number; i++)
            handler.DependsOn.Add(new TestFlb(i, static _ => { }));
        _memory = KhoMemory.Allocate(16 << 20);
        _orchestrator = LiveUpdateOrchestrator.Boot(new LiveUpdateOptions { Memory = _memory, Handlers = { handler } });
        _machine = new ManagedMachine(_orchestrator);
        foreach (string line in File.ReadLines(Path.Combine(s_folder, "mixed-sessions.ops")))
            _machine.Execute(line.Split(' '));
        _orchestrator.HandOver(new StopTarget());
        _next = KexecHandover.Attach(_memory);
        _managed = LuoImage.Read(_next)!;
        _image = KhoImage.Load(s_folder);
        _kernel = LuoImage.Read(_image)!;
    }

    [OneTimeTearDown]
    public void Dispose()
    {
        _machine.Dispose();
        _next.Dispose();
        _orchestrator.Dispose();
        _memory.Dispose();
        _image.Memory.Dispose();
    }

    [Test]
    public void The_root_is_the_same_but_for_two_addresses()
    {
        _image.TryGetSubtree(LuoAbi.SubtreeName, out KhoSubtree kernel);
        _next.TryGetSubtree(LuoAbi.SubtreeName, out KhoSubtree managed);
        Assert.That(managed.Size, Is.EqualTo(kernel.Size));
        AssertSame(kernel.Address, managed.Address, 16, 24);
    }

    [Test]
    public void The_page_of_FLBs_is_the_same() => AssertSame(_kernel.Root.Flbs, _managed.Root.Flbs);

    [Test]
    public void The_blocks_of_sessions_are_the_same_but_for_addresses() =>
        AssertSameChain(_kernel.Root.Sessions, _managed.Root.Sessions, LuoAbi.SessionSize, 64);

    [Test]
    public void The_blocks_of_files_are_the_same_but_for_addresses_and_data_handles()
    {
        Assert.That(_managed.Sessions.Select(static session => session.Name), Is.EqualTo(_kernel.Sessions.Select(static session => session.Name)));
        Assert.That(_kernel.Sessions.Select(static session => session.Files.Count), Is.EqualTo(new[] { 3, 0, 2, 130, 1 }));
        foreach ((LuoImageSession kernel, LuoImageSession managed) in _kernel.Sessions.Zip(_managed.Sessions))
            AssertSameChain(kernel.FilesAddress, managed.FilesAddress, LuoAbi.FileSize, 48);
    }

    [Test]
    public void Memfds_of_the_same_content_are_the_same_records_and_pages()
    {
        foreach ((LuoImageFile kernel, LuoImageFile managed) in Files(_kernel).Zip(Files(_managed)))
        {
            // All of the record but the array's address; and the array's own pages but for the frames in them.
            AssertSame(kernel.Data.Address, managed.Data.Address, 32);
            Assert.That(managed.Memfd!.Folios.Select(static folio => (folio.Index, folio.Flags)),
                Is.EqualTo(kernel.Memfd!.Folios.Select(static folio => (folio.Index, folio.Flags))), $"{kernel.Token}");
            foreach ((FolioRecord from, FolioRecord to) in kernel.Memfd.Folios.Zip(managed.Memfd.Folios))
                AssertSame(from.Address, to.Address);
        }
    }

    private static IEnumerable<LuoImageFile> Files(LuoImage image) => image.Sessions.SelectMany(static session => session.Files);

    private void AssertSameChain(PhysicalAddress kernel, PhysicalAddress managed, int entrySize, int addressOffset)
    {
        List<PhysicalAddress> from = BlockChain.Walk(_image, kernel, "block"), to = BlockChain.Walk(_next, managed, "block");
        Assert.That(to, Has.Count.EqualTo(from.Count));
        int[] offsets = [0, .. Enumerable.Range(0, BlockLayout.CapacityOf(entrySize)).Select(i => BlockLayout.OffsetOf(i, entrySize) + addressOffset)];
        foreach ((PhysicalAddress one, PhysicalAddress other) in from.Zip(to))
            AssertSame(one, other, offsets);
    }

    // An address is there in both or in neither.
    private void AssertSame(PhysicalAddress kernel, PhysicalAddress managed, params int[] addressOffsets)
    {
        byte[] expected = _image.Memory.GetSpan(kernel, Page).ToArray(), found = _memory.GetSpan(managed, Page).ToArray();
        foreach (int offset in addressOffsets)
        {
            Hide(expected.AsSpan(offset));
            Hide(found.AsSpan(offset));
        }

        Assert.That(found.AsSpan().SequenceEqual(expected), Is.True, $"{kernel} and {managed}");
    }

    private static void Hide(Span<byte> address)
    {
        if (BinaryPrimitives.ReadUInt64LittleEndian(address) != 0)
            BinaryPrimitives.WriteUInt64LittleEndian(address, ulong.MaxValue);
    }
}
