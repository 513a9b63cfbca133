using System.Runtime.Versioning;
using LiveUpdate.Interop;
using LiveUpdate.Kho;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Tests.Kho;

[Platform("Linux", Reason = "memfds are of Linux")]
[SupportedOSPlatform("linux")]
public sealed class SharedMemoryTests
{
    private const int Page = Generations.Page;

    [Test]
    public void SharedMemoryIsASealedMemfdThatAnotherMappingSees()
    {
        using KhoMemory memory = KhoMemory.CreateShared(3 * Page, "test");
        Assert.That(memory.SharedFile, Is.Not.Null);
        int seals = Libc.Fcntl(memory.SharedFile!, Libc.F_GET_SEALS, 0);
        Assert.That(seals & ~Libc.F_SEAL_EXEC, Is.EqualTo(Libc.F_SEAL_SEAL | Libc.F_SEAL_SHRINK | Libc.F_SEAL_GROW));
        Assert.That(Libc.Fcntl(memory.SharedFile!, Libc.F_GETFD, 0) & Libc.FD_CLOEXEC, Is.Not.Zero);
        int copy = Libc.Fcntl(memory.SharedFile!, Libc.F_DUPFD_CLOEXEC, 0);
        using KhoMemory second = KhoMemory.OpenShared(new SafeFileHandle(copy, ownsHandle: true));
        memory.GetSpan(memory.Base + 5000, 1)[0] = 42;
        Assert.That(second.GetSpan(second.Base + 5000, 1)[0], Is.EqualTo(42));
        Assert.That(second.Length, Is.EqualTo(3 * Page));
    }

    [Test]
    public void SharedMemoryOfAnotherShapeIsRefused()
    {
        using (SafeFileHandle unsealed = Memfd(Page, 0))
            Assert.That(() => KhoMemory.OpenShared(unsealed), Generations.Refusal(LiveUpdateError.InvalidArgument));
        using (SafeFileHandle half = Memfd(Page, Libc.F_SEAL_SHRINK))
            Assert.That(() => KhoMemory.OpenShared(half), Generations.Refusal(LiveUpdateError.InvalidArgument));
        using (SafeFileHandle readOnly = Memfd(Page, Libc.F_SEAL_SHRINK | Libc.F_SEAL_GROW | Libc.F_SEAL_FUTURE_WRITE))
            Assert.That(() => KhoMemory.OpenShared(readOnly), Generations.Refusal(LiveUpdateError.InvalidArgument));
        using (SafeFileHandle odd = Memfd(Page + 1, Libc.F_SEAL_SHRINK | Libc.F_SEAL_GROW))
            Assert.That(() => KhoMemory.OpenShared(odd), Generations.Refusal(LiveUpdateError.InvalidArgument));
        using (SafeFileHandle empty = Memfd(0, Libc.F_SEAL_SHRINK | Libc.F_SEAL_GROW))
        {
            Assert.That(() => KhoMemory.OpenShared(empty), Generations.Refusal(LiveUpdateError.InvalidArgument));
            Assert.That(empty.IsClosed, Is.True, "ownership passed");
        }
        SafeFileHandle noMemfd = File.OpenHandle("/dev/null");
        Assert.That(() => KhoMemory.OpenShared(noMemfd), Throws.TypeOf<LiveUpdateException>());
        Assert.That(() => KhoMemory.OpenShared(null!), Throws.ArgumentNullException);
    }

    [Test]
    public void AGenerationReachesAnotherMapping()
    {
        using KhoMemory memory = KhoMemory.CreateShared(1 << 20);
        using KexecHandover kho = Generations.Cold(memory);
        PhysicalAddress blob = kho.AllocatePreserved(1, new PageOwner("test"));
        kho.GetSpan(blob, 1)[0] = 99;
        kho.WriteHandover();
        int copy = Libc.Fcntl(memory.SharedFile!, Libc.F_DUPFD_CLOEXEC, 0);
        using KhoMemory second = KhoMemory.OpenShared(new SafeFileHandle(copy, ownsHandle: true));
        using KexecHandover next = KexecHandover.Attach(second);
        Assert.That(next.GetIncomingSpan(blob, 1, "blob")[0], Is.EqualTo(99));
    }

    private static SafeFileHandle Memfd(int length, int seals)
    {
        SafeFileHandle file = Libc.MemfdCreate("test", Libc.MFD_CLOEXEC | Libc.MFD_ALLOW_SEALING);
        RandomAccess.SetLength(file, length);
        Libc.Fcntl(file, Libc.F_ADD_SEALS, seals);
        return file;
    }
}
