using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Abi;
using LiveUpdate.Interop;
using LiveUpdate.Kho;
using LiveUpdate.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Tests.Handlers;

[Platform("Linux", Reason = "Memfds are Linux's.")]
[SupportedOSPlatform("linux")]
public class MemfdHandlerTests
{
    private const string Compatible = "memfd-fd-v1";

    [Test]
    public void ContentPositionAndSealsTravelWithTheDescriptor()
    {
        using Lives lives = Start();
        using SafeFileHandle memfd = Memfd.Create(size: 8192);
        RandomAccess.Write(memfd, "content"u8, 100);
        Libc.Lseek(memfd, 55, 0);
        Memfd.Seal(memfd, Libc.F_SEAL_SHRINK);
        using Session session = lives.Device.CreateSession("s");
        session.Preserve(1, memfd);

        // What changes after preserve is carried as well: the file itself travels (design: M-16, M-18 in a process).
        RandomAccess.Write(memfd, "CONTENT"u8, 200);
        Libc.Lseek(memfd, 66, 0);
        Memfd.Resize(memfd, 12_288);
        Memfd.Seal(memfd, Libc.F_SEAL_GROW);
        lives.Update();

        using Session incoming = lives.Device.RetrieveSession("s");
        using SafeFileHandle retrieved = incoming.Retrieve<SafeFileHandle>(1);
        byte[] content = new byte[300];
        RandomAccess.Read(retrieved, content, 0);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(content.AsSpan(100, 7).SequenceEqual("content"u8), Is.True);
            Assert.That(content.AsSpan(200, 7).SequenceEqual("CONTENT"u8), Is.True);
            Assert.That(RandomAccess.GetLength(retrieved), Is.EqualTo(12_288));
            Assert.That(DescriptorInfo.Position(retrieved), Is.EqualTo(66));
            Assert.That(Memfd.Seals(retrieved), Is.EqualTo(Libc.F_SEAL_SHRINK | Libc.F_SEAL_GROW));
            Assert.That(OpenDescriptionComparer.Instance.Compare(retrieved, memfd), Is.Zero, "one open file description");
            Assert.That(Libc.Fcntl(retrieved, Libc.F_GETFD, 0), Is.EqualTo(Libc.FD_CLOEXEC));
        }
    }

    [Test]
    public void RecordIsWhatTheTableSays()
    {
        using Lives lives = Start();
        using SafeFileHandle first = Memfd.Create(size: 1);
        using SafeFileHandle memfd = Memfd.Create(size: 5000);
        Libc.Lseek(memfd, 42, 0);
        Memfd.Seal(memfd, Libc.F_SEAL_GROW);
        using Session session = lives.Device.CreateSession("s");
        session.Preserve(1, first);
        session.Preserve(2, memfd);

        byte[] record = lives.Memory.GetSpan(session.GetFiles()[1].Data.Address, MemfdFdAbi.RecordSize).ToArray();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(BitConverter.ToUInt64(record, 0), Is.EqualTo(42), "position");
            Assert.That(BitConverter.ToUInt64(record, 8), Is.EqualTo(5000), "size");
            Assert.That(BitConverter.ToUInt32(record, 16), Is.EqualTo(MemfdAbi.SealGrow), "seals");
            Assert.That(BitConverter.ToInt32(record, 20), Is.EqualTo(1), "slot");
            Assert.That(BitConverter.ToUInt32(record, 24), Is.Zero, "flags");
            Assert.That(BitConverter.ToUInt32(record, 28), Is.Zero, "reserved");
        }
    }

    [Test]
    public void ManyMemfdsShareFewPagesAndNothingLeaks()
    {
        using Lives lives = Start();
        var memfds = new List<SafeFileHandle>();
        for (int i = 0; i < 300; i++)
        {
            memfds.Add(Memfd.Create("many", size: i));
            RandomAccess.Write(memfds[i], BitConverter.GetBytes(i), 0);
        }

        using (Session session = lives.Device.CreateSession("s"))
        {
            for (int i = 0; i < memfds.Count; i++)
                session.Preserve((ulong)i, memfds[i]);
            Assert.That(lives.PagesOf(Compatible), Is.LessThanOrEqualTo(5));
            Assert.That(Memfd.OpenDescriptors("memfd:many"), Is.EqualTo(300), "no duplicate is made");
            lives.Update();
        }

        memfds.ForEach(memfd => memfd.Dispose());
        Assert.That(Memfd.OpenDescriptors("memfd:many"), Is.EqualTo(300));
        using Session incoming = lives.Device.RetrieveSession("s");
        for (int i = 0; i < memfds.Count; i += 2)
        {
            using SafeFileHandle retrieved = incoming.Retrieve<SafeFileHandle>((ulong)i);
            byte[] number = new byte[4];
            RandomAccess.Read(retrieved, number, 0);
            Assert.That(BitConverter.ToInt32(number), Is.EqualTo(i));
        }

        // Half of them were never retrieved; finish lets go of all.
        incoming.Finish();
        Assert.That(Memfd.OpenDescriptors("memfd:many"), Is.Zero);
        Assert.That(lives.Unrestored, Is.Zero);
        Assert.That(lives.Now.CleanupErrors, Is.Empty);
    }

    [Test]
    public void CloseOfTheSessionLeavesTheMemfdAsItWas()
    {
        using Lives lives = Start();
        using SafeFileHandle memfd = Memfd.Create("left", size: 4096);
        for (int i = 0; i < 3; i++)
        {
            using Session session = lives.Device.CreateSession("s");
            session.Preserve(1, memfd);
            Assert.That(lives.Now.Descriptors.Count, Is.EqualTo(1));
        }

        Assert.That(lives.PagesOf(Compatible), Is.Zero);
        Assert.That(lives.Now.Descriptors.Count, Is.Zero);
        Memfd.Resize(memfd, 10);
        Assert.That(Memfd.OpenDescriptors("memfd:left"), Is.EqualTo(1));
    }

    [Test]
    public void SecondDescriptionOfOneMemfdIsBusy()
    {
        using Lives lives = Start();
        using SafeFileHandle memfd = Memfd.Create();
        using SafeFileHandle second = File.OpenHandle($"/proc/self/fd/{memfd.DangerousGetHandle()}", access: FileAccess.ReadWrite);
        using Session session = lives.Device.CreateSession("s");
        session.Preserve(1, memfd);
        Refused.With(LiveUpdateError.Busy, () => session.Preserve(2, second));
        Assert.That(lives.Now.Descriptors.Count, Is.EqualTo(1));
    }

    [Test]
    public void FileStreamIsTakenByItsHandleWithItsPosition()
    {
        using Lives lives = Start();
        using var stream = new FileStream(Memfd.Create(), FileAccess.ReadWrite);
        stream.Write(new byte[1000]);
        stream.Position = 123;
        using Session session = lives.Device.CreateSession("s");
        session.Preserve(1, stream);
        lives.Update();
        using SafeFileHandle retrieved = lives.Device.RetrieveSession("s").Retrieve<SafeFileHandle>(1);
        Assert.That(RandomAccess.GetLength(retrieved), Is.EqualTo(1000));
        Assert.That(DescriptorInfo.Position(retrieved), Is.EqualTo(123));
    }

    [Test]
    public void NamelessFileOfTheSharedMemoryFileSystemIsTaken()
    {
        const string SharedMemory = "/dev/shm";
        if (!Directory.Exists(SharedMemory))
            Skip.Because($"There is no {SharedMemory} here.");
        string path = Path.Combine(SharedMemory, Path.GetRandomFileName());
        using SafeFileHandle file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite);
        if (DescriptorInfo.FileSystemType(file) != Libc.TMPFS_MAGIC)
        {
            File.Delete(path);
            Skip.Because($"{SharedMemory} is of another file system here.");
        }

        using Lives lives = Start();
        using Session session = lives.Device.CreateSession("s");
        Refused.With(LiveUpdateError.NotFound, () => session.Preserve(1, file));
        File.Delete(path);
        session.Preserve(1, file);
        lives.Update();
        lives.Device.RetrieveSession("s").Retrieve<SafeFileHandle>(1).Dispose();
    }

    [Test]
    public void OtherDescriptorsAreNotTaken()
    {
        using Lives lives = Start();
        using Session session = lives.Device.CreateSession("s");
        using SafeFileHandle device = File.OpenHandle("/dev/null");
        using SafeFileHandle file = File.OpenHandle(typeof(MemfdHandlerTests).Assembly.Location);
        using var pipe = new System.IO.Pipes.AnonymousPipeServerStream();
        foreach (SafeHandle handle in new SafeHandle[] { device, file, pipe.SafePipeHandle })
            Refused.With(LiveUpdateError.NotFound, () => session.Preserve(1, handle));
        using var closed = new SafeFileHandle(1_000_000, ownsHandle: false);
        Refused.With(LiveUpdateError.BadDescriptor, () => session.Preserve(1, closed));
    }

    [TestCase(false)]
    [TestCase(true)]
    public void HugePagesAreTakenOnlyWhenAllowed(bool allowed)
    {
        using SafeFileHandle memfd = Memfd.Create(hugePages: true);
        using var lives = new Lives(() => [new MemfdHandler { AllowHugePages = allowed }]);
        using Session session = lives.Device.CreateSession("s");
        if (!allowed)
        {
            Refused.With(LiveUpdateError.NotFound, () => session.Preserve(1, memfd));
            return;
        }

        session.Preserve(1, memfd);
        lives.Update();
        using SafeFileHandle retrieved = lives.Device.RetrieveSession("s").Retrieve<SafeFileHandle>(1);
        Assert.That(DescriptorInfo.FileSystemType(retrieved), Is.EqualTo(Libc.HUGETLBFS_MAGIC));
    }

    [Test]
    public void ShrunkMemfdIsRefusedAtItsOwnRetrieveAndStaysRefused()
    {
        using Lives lives = Start();
        using SafeFileHandle shrinks = Memfd.Create("shrinks", size: 8192);
        using SafeFileHandle stays = Memfd.Create("stays", size: 8192);
        using (Session session = lives.Device.CreateSession("s"))
        {
            session.Preserve(1, shrinks);
            session.Preserve(2, stays);
            Memfd.Resize(shrinks, 8191);
            lives.Update();
        }

        using Session incoming = lives.Device.RetrieveSession("s");
        for (int i = 0; i < 2; i++)
        {
            LiveUpdateException refusal = Refused.With(LiveUpdateError.InputOutput, () => incoming.Retrieve(1));
            Assert.That(refusal.ToString(), Does.Contain("shrunk from 8192 to 8191 bytes"));
        }

        incoming.Retrieve<SafeFileHandle>(2).Dispose();
        incoming.Finish();
        Assert.That(Memfd.OpenDescriptors("memfd:shrinks"), Is.EqualTo(1), "the test's own");
        Assert.That(lives.Unrestored, Is.Zero);
        Assert.That(lives.Now.CleanupErrors, Is.Empty);
    }

    [Test]
    public void MemfdIsComparedAtTheFreezeWhenToldSo()
    {
        using var lives = new Lives(() => [new MemfdHandler { CheckAtFreeze = true }]);
        using SafeFileHandle memfd = Memfd.Create(size: 8192);
        using Session session = lives.Device.CreateSession("s");
        session.Preserve(7, memfd);
        Memfd.Resize(memfd, 100);
        LiveUpdateException refusal = Refused.With(LiveUpdateError.InputOutput, () => lives.Update());
        Assert.That((refusal.Session, refusal.Token, refusal.Handler), Is.EqualTo(("s", new Token(7), Compatible)));

        Memfd.Resize(memfd, 10_000);
        lives.Update();
        lives.Device.RetrieveSession("s").Retrieve<SafeFileHandle>(7).Dispose();
    }

    [Test]
    public void AnotherMemfdInTheSlotIsRefused()
    {
        // The records of two memfds trade their slots: a size does not fit.
        using Lives lives = Start(out Session session, out SafeFileHandle[] memfds, (records, _) =>
            (records[0].Slot, records[1].Slot) = (records[1].Slot, records[0].Slot));
        lives.Update();
        using Session incoming = lives.Device.RetrieveSession("s");
        Refused.With(LiveUpdateError.InputOutput, () => incoming.Retrieve(1));
        incoming.Retrieve<SafeFileHandle>(2).Dispose();
        incoming.Finish();
        session.Dispose();
        Array.ForEach(memfds, memfd => memfd.Dispose());
    }

    [TestCase(20, "slot -1")]
    [TestCase(20, "slot 2")]
    [TestCase(20, "slot at maximum")]
    [TestCase(24, "unknown flag")]
    [TestCase(28, "reserved")]
    public void DamagedRecordIsRefusedBeforeTheCommit(int offset, string damage)
    {
        using Lives lives = Start(out Session session, out SafeFileHandle[] memfds, (records, _) =>
        {
            switch (damage)
            {
                case "slot -1":
                    records[0].Slot = -1;
                    break;
                case "slot 2":
                    records[0].Slot = 2;
                    break;
                case "slot at maximum":
                    records[0].Slot = int.MaxValue;
                    break;
                case "unknown flag":
                    records[0].Flags = 2;
                    break;
                default:
                    records[0].Reserved = 1;
                    break;
            }
        });
        LiveUpdateException refusal = Refused.With(LiveUpdateError.InputOutput, () => lives.Update());
        var cause = (LiveUpdateImageException)refusal.InnerException!;
        Assert.That((cause.Structure, cause.Offset), Is.EqualTo(("memfd record", offset)));
        session.Dispose();
        Array.ForEach(memfds, memfd => memfd.Dispose());
    }

    private static Lives Start() => new(() => [new FreezeHookHandler(), new MemfdHandler()]);

    private delegate void Damage(Span<MemfdFdSer> records, KexecHandover memory);

    private static Lives Start(out Session session, out SafeFileHandle[] memfds, Damage damage)
    {
        Lives lives = Start();
        Session created = lives.Device.CreateSession("s");
        memfds = [Memfd.Create(size: 8192), Memfd.Create(size: 4096)];
        created.Preserve(1, memfds[0]);
        created.Preserve(2, memfds[1]);
        PhysicalAddress address = created.GetFiles()[0].Data.Address;
        Assert.That(created.GetFiles()[1].Data.Address, Is.EqualTo(address + MemfdFdAbi.RecordSize));
        created.Preserve(3, new FreezeHook(kho =>
            damage(MemoryMarshal.Cast<byte, MemfdFdSer>(kho.GetSpan(address, 2 * MemfdFdAbi.RecordSize)), kho)));
        session = created;
        return lives;
    }
}
