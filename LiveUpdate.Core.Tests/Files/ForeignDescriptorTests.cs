using System.Runtime.Versioning;
using LiveUpdate.Tests.Infrastructure;
using LiveUpdate.Tests.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Tests.Files;

/// <summary>Descriptors that are not what the library takes them for any more.</summary>
[Platform("Linux", Reason = "Descriptors are those of Linux.")]
[SupportedOSPlatform("linux")]
public class ForeignDescriptorTests
{
    /// <summary>Eventfds share device and inode, and one closed behind its handle's back cannot be compared any more.</summary>
    [Test]
    public void Descriptor_closed_behind_its_handle_does_not_stop_the_unpreserve()
    {
        using var first = Generation.Boot(new DescriptorHandler());
        Held before = first.Held;
        using SafeFileHandle one = Descriptors.EventFd(1);
        using SafeFileHandle owner = Descriptors.EventFd(2);
        using var bare = new SafeFileHandle(owner.DangerousGetHandle(), ownsHandle: false);
        using SafeFileHandle three = Descriptors.EventFd(3);
        Session session = first.Create("s");
        session.Preserve(1, one);
        session.Preserve(2, bare);
        session.Preserve(3, three);
        owner.Dispose();
        Assert.That(session.Dispose, Throws.Nothing);
        Assert.That(first.Held, Is.EqualTo(before));
        using Session again = first.Create("s");
        again.Preserve(1, one);
        again.Preserve(3, three);
    }
}
