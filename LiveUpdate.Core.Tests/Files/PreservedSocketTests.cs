using System.Net;
using System.Net.Sockets;

namespace LiveUpdate.Tests.Files;

/// <summary>A socket that is preserved may be disposed by its owner (reference F-13), and its connection lives on.</summary>
[Platform(Include = "Linux", Reason = "Descriptors travel on Linux.")]
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
internal sealed class PreservedSocketTests
{
    [TestCase(false)]
    [TestCase(true)]
    public void Disposing_a_preserved_socket_neither_waits_nor_ends_the_connection(bool bareHandle)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        using var near = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        near.Connect(listener.LocalEndPoint!);
        Socket far = listener.Accept();

        var options = new LiveUpdateOptions { MemorySize = 1 << 20, Handlers = { new DescriptorHandler() } };
        using LiveUpdateOrchestrator luo = LiveUpdateOrchestrator.Boot(options);
        using LiveUpdateDevice device = luo.OpenDevice();
        Session session = device.CreateSession("session");
        session.Preserve(1, bareHandle ? far.SafeHandle : far);
        Assert.That(() => session.Preserve(2, far), Throws.InstanceOf<LiveUpdateException>().With.Property("Error").EqualTo(LiveUpdateError.Busy));
        far.Dispose();
        using (LiveUpdateOrchestrator next = luo.HandOver(HandoverTarget.InProcess(options)).Next)
        using (LiveUpdateDevice nextDevice = next.OpenDevice())
        using (Session incoming = nextDevice.RetrieveSession("session"))
        using (Socket again = incoming.Retrieve<Socket>(1))
        {
            near.Send([42]);
            var received = new byte[1];
            Assert.That(again.Receive(received), Is.EqualTo(1));
            incoming.Finish();
        }

        luo.Dispose();
        Assert.That(near.Receive(new byte[1]), Is.Zero);
    }

    [Test]
    public void A_preserved_socket_that_is_unpreserved_ends_with_its_owner()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        using var near = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        near.Connect(listener.LocalEndPoint!);
        using LiveUpdateOrchestrator luo = LiveUpdateOrchestrator.Boot(new LiveUpdateOptions { MemorySize = 1 << 20, Handlers = { new DescriptorHandler() } });
        using LiveUpdateDevice device = luo.OpenDevice();
        using (Socket far = listener.Accept())
        using (Session session = device.CreateSession("session"))
            session.Preserve(1, far);
        Assert.That(near.Receive(new byte[1]), Is.Zero);
    }
}
