using System.Net.Sockets;
using LiveUpdate.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Machine.Update;

/// <summary>
/// failures STAGE: hand-overs that are called off before the kexec, and then one that happens; boots that fail after it, and are repeated.
/// </summary>
internal static class FailuresCommand
{
    public static int Run(string[] args) => args[0] == "1" ? BeforeTheKexec() : AfterTheKexec();

    private static int BeforeTheKexec()
    {
        using Generation generation = Boot(1);
        generation.Preserve();
        var easy = new StubbornFile();
        var stubborn = new StubbornFile { Refuses = true };
        using Session session = generation.Device.CreateSession("stubborn");
        session.Preserve(1, easy);
        session.Preserve(2, stubborn);

        LiveUpdateException refusal = Check.Refused(
            LiveUpdateError.TimerExpired, () => generation.Luo.HandOver(HandoverTarget.Kernel()), "a file that does not freeze");
        Check.Equal(("stubborn", new Token(2)), (refusal.Session!, refusal.Token!.Value), "the file that is blamed");
        Check.Equal((1, 1), (easy.Frozen, easy.Unfrozen), "freezes and unfreezes");
        Console.WriteLine($"failures: {refusal.Message}");

        // Nothing of the kernel's is frozen: a memfd can be preserved, and whatever cannot is refused by its kind.
        using SafeFileHandle more = PatternedMemfd.Create(1, 1000, 5000);
        session.Preserve(3, more);
        using SafeFileHandle eventfd = Libc.Eventfd(0, Libc.EFD_CLOEXEC);
        refusal = Check.Refused(LiveUpdateError.NotSupported, () => session.Preserve(4, eventfd), "an eventfd");
        Console.WriteLine($"failures: {refusal.Message}");
        Check.Equal(3, session.GetFiles().Count, "files after the refusal");
        using (Session sockets = generation.Device.CreateSession("sockets"))
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            refusal = Check.Refused(LiveUpdateError.NotSupported, () => sockets.Preserve(1, socket), "a socket");
            Console.WriteLine($"failures: {refusal.Message}");
            Check.Equal((0, 2), (sockets.GetFiles().Count, generation.Luo.Engine.Carried!.Count), "files, and sessions of the kernel's");
        }


        // The memory grows for a state that it has no room for; that needs a descriptor.
        var large = Ledger.Of(1, 5, 1 << 20);
        Check.Equal(0, DescriptorLimit.Set(DescriptorLimit.LowestFree(), out ulong before), "the limit of descriptors");
        refusal = Check.Refused(LiveUpdateError.TooManyFiles, () => session.Preserve(5, large), "memory that cannot grow");
        Check.Equal(0, DescriptorLimit.Set(before, out _), "the limit of descriptors");
        Console.WriteLine($"failures: {refusal.Message}");
        session.Preserve(5, large);

        // Refused before anything is frozen.
        stubborn.Refuses = false;
        Check.Equal(0, Libc.KexecFileUnload(), "unloading the kernel");
        refusal = Check.Refused(LiveUpdateError.InvalidArgument, () => generation.Luo.HandOver(HandoverTarget.Kernel()), "no kernel loaded");
        Check.Equal((1, 1), (easy.Frozen, easy.Unfrozen), "freezes and unfreezes");
        Console.WriteLine($"failures: {refusal.Message}");
        var none = new KernelTargetOptions { Image = new KernelImage { Path = "/next/none", CommandLine = "" } };
        refusal = Check.Refused(
            LiveUpdateError.InvalidArgument, () => generation.Luo.HandOver(HandoverTarget.Kernel(KexecBy.Library, none)), "an image that is not there");
        Console.WriteLine($"failures: {refusal.Message}");

        // What is frozen is thawed when the kernel itself refuses to jump.
        var next = new KernelTargetOptions { Image = Stage.NextKernel(1) };
        var unloaded = new KernelTarget(KexecBy.Library, next) { Jumping = static () => Libc.KexecFileUnload() };
        refusal = Check.Refused(LiveUpdateError.InvalidArgument, () => generation.Luo.HandOver(unloaded), "a kernel that is unloaded just before the jump");
        Check.Equal((2, 2), (easy.Frozen, easy.Unfrozen), "freezes and unfreezes");
        Console.WriteLine($"failures: {refusal.Message}");

        generation.Luo.HandOver(HandoverTarget.Kernel(KexecBy.Library, next));
        return 1;
    }

    private static int AfterTheKexec()
    {
        // Refused before anything is taken.
        LiveUpdateException refusal = Check.Refused(LiveUpdateError.Exists, static () => Boot(2, static options => options.Handlers.Add(new MemfdHandler())), "a handler twice");
        Console.WriteLine($"failures: boot 1: {refusal.Message}");

        // No number is left for the second segment, or for the sessions.
        Check.Equal(0, DescriptorLimit.Set(DescriptorLimit.LowestFree() + 3, out ulong before), "the limit of descriptors");
        refusal = Check.Refused(LiveUpdateError.TooManyFiles, static () => Boot(2), "too few descriptors");
        Check.Equal(0, DescriptorLimit.Set(before, out _), "the limit of descriptors");
        Console.WriteLine($"failures: boot 2: {refusal.Message}");

        // Between the old session of the memory and the new one.
        KernelBoot.Renewing = static () => throw new LiveUpdateException(LiveUpdateError.OutOfMemory, "A fault of the test's.");
        refusal = Check.Refused(LiveUpdateError.OutOfMemory, static () => Boot(2), "a fault while the memory's session is renewed");
        KernelBoot.Renewing = null;
        Console.WriteLine($"failures: boot 3: {refusal.Message}; parked: {string.Join(", ", KernelDevice.ParkedSessions.Order(StringComparer.Ordinal))}");

        using Generation generation = Boot(2);
        using (Session session = generation.Device.RetrieveSession("stubborn"))
        {
            // The one attempt to retrieve a file (R-04) is not made where no number is left for it.
            Check.Equal(0, DescriptorLimit.Set(DescriptorLimit.LowestFree(), out before), "the limit of descriptors");
            refusal = Check.Refused(LiveUpdateError.TooManyFiles, () => session.Retrieve<SafeFileHandle>(3), "no descriptor left");
            Check.Equal(0, DescriptorLimit.Set(before, out _), "the limit of descriptors");
            Console.WriteLine($"failures: {refusal.Message}");
            Check.Equal(Ledger.Of(1, 5, 1 << 20), session.Retrieve<Ledger>(5), "the large state");
            using SafeFileHandle more = session.Retrieve<SafeFileHandle>(3);
            if (PatternedMemfd.Compare(more, 1, 1000, 5000) is { } wrong)
                throw new InvalidOperationException(wrong);
            session.Finish();
        }

        Check.Equal(0, KernelDevice.ParkedSessions.Count, "parked sessions");
        Console.WriteLine($"failures: boot 4 has it all: update {generation.Luo.UpdateNumber}, {generation.Luo.PreviousUpdate!.Files} files");
        return 0;
    }

    private static Generation Boot(int number, Action<LiveUpdateOptions>? more = null) => new(number, Content.Small, options =>
    {
        options.Handlers.Insert(0, new StubbornHandler());
        options.Handlers.Add(new DescriptorHandler());
        options.DiscardUnfinished = true;
        more?.Invoke(options);
    });
}
