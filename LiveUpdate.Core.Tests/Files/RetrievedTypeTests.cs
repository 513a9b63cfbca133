using System.Net.Sockets;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Tests.Files;

/// <summary>What a descriptor can be retrieved as, and what it cannot (reference R-05).</summary>
[Platform("Linux", Reason = "Elsewhere a handle is an object like any other.")]
[SupportedOSPlatform("linux")]
internal sealed class RetrievedTypeTests
{
    [TestCase(typeof(object), true)]
    [TestCase(typeof(SafeFileHandle), true)]
    [TestCase(typeof(SafeSocketHandle), true)]
    [TestCase(typeof(Socket), true)]
    [TestCase(typeof(SafePipeHandle), false)]
    [TestCase(typeof(string), false)]
    public void A_socket_is_given_as(Type type, bool possible)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        Assert.That(PreservedObject.CanBe(socket.SafeHandle, type), Is.EqualTo(possible));
    }

    [TestCase(typeof(SafeFileHandle), true)]
    [TestCase(typeof(SafeSocketHandle), false)]
    [TestCase(typeof(Socket), false)]
    [TestCase(typeof(FileStream), false)]
    public void A_device_is_given_as(Type type, bool possible)
    {
        using SafeFileHandle device = File.OpenHandle("/dev/null");
        Assert.That(PreservedObject.CanBe(device, type), Is.EqualTo(possible));
    }

    [Test]
    public void A_handle_of_another_type_is_given_as_a_file_handle_only()
    {
        using SafeFileHandle device = File.OpenHandle("/dev/null");
        using var pipe = new SafePipeHandle(device.DangerousGetHandle(), ownsHandle: false);
        Assert.That(PreservedObject.CanBe(pipe, typeof(SafePipeHandle)), Is.False);
        using var given = (SafeFileHandle)PreservedObject.GiveOut(pipe, typeof(SafeFileHandle));
        Assert.That(given.IsInvalid, Is.False);
    }
}
