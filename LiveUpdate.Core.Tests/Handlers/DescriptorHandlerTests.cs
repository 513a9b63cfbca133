using System.IO.Pipes;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Interop;
using LiveUpdate.Tests.Infrastructure;
using LiveUpdate.Tests.Interop;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Tests.Handlers;

[Platform("Linux", Reason = "Descriptors are those of Linux.")]
[SupportedOSPlatform("linux")]
public class DescriptorHandlerTests
{
    [Test]
    public void SocketsGoOverAndGoOn()
    {
        using Lives lives = Start();
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        client.Connect(listener.LocalEndPoint!);
        using Socket served = listener.Accept();
        using (Session session = lives.Device.CreateSession("s"))
        {
            session.Preserve(1, listener);
            session.Preserve(2, served);
            lives.Update();
        }

        EndPoint address = listener.LocalEndPoint!;
        listener.Dispose();
        served.Dispose();
        using Session incoming = lives.Device.RetrieveSession("s");
        using Socket servedAgain = incoming.Retrieve<Socket>(2);
        servedAgain.Send("hello"u8);
        byte[] buffer = new byte[10];
        Assert.That(client.Receive(buffer), Is.EqualTo(5));

        using var listenerAgain = new Socket(incoming.Retrieve<SafeSocketHandle>(1));
        using var second = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        second.Connect(address);
        using Socket accepted = listenerAgain.Accept();
        Assert.That(accepted.RemoteEndPoint, Is.EqualTo(second.LocalEndPoint));
        incoming.Finish();
        Assert.That(lives.Now.Descriptors.IncomingCount, Is.Zero);
    }

    [Test]
    public void EveryRetrieveGivesAHandleOfItsOwn()
    {
        using Lives lives = Start();
        using var pipe = new AnonymousPipeServerStream(PipeDirection.Out);
        using (Session session = lives.Device.CreateSession("s"))
        {
            session.Preserve(1, pipe.SafePipeHandle);
            session.Preserve(2, pipe.ClientSafePipeHandle);
            lives.Update();
        }

        using Session incoming = lives.Device.RetrieveSession("s");
        using var writer = new FileStream(incoming.Retrieve<SafeFileHandle>(1), FileAccess.Write, bufferSize: 0);
        incoming.Retrieve<SafeFileHandle>(2).Dispose();
        using var reader = new FileStream(incoming.Retrieve<SafeFileHandle>(2), FileAccess.Read, bufferSize: 0);
        writer.WriteByte(42);
        Assert.That(reader.ReadByte(), Is.EqualTo(42));
    }

    [Test]
    public void TwoEventfdsAreTwoFilesAndADuplicateIsNot()
    {
        using Lives lives = Start();
        using Session session = lives.Device.CreateSession("s");
        using SafeFileHandle first = Descriptors.EventFd(1);
        using SafeFileHandle second = Descriptors.EventFd(2);
        using SafeFileHandle duplicate = DescriptorInfo.Duplicate(first);
        session.Preserve(1, first);
        session.Preserve(2, second);
        Refused.With(LiveUpdateError.Busy, () => session.Preserve(3, duplicate));
        lives.Update();
        using Session incoming = lives.Device.RetrieveSession("s");
        using SafeFileHandle retrieved = incoming.Retrieve<SafeFileHandle>(2);
        byte[] count = new byte[8];
        RandomAccess.Read(retrieved, count, 0);
        Assert.That(BitConverter.ToInt64(count), Is.EqualTo(2));
    }

    [Test]
    public void DescriptorThatNobodyRetrievesIsClosedByFinish()
    {
        using Lives lives = Start();
        string path = Path.GetTempFileName();
        using (SafeFileHandle file = File.OpenHandle(path))
        using (Session session = lives.Device.CreateSession("s"))
        {
            session.Preserve(1, file);
            lives.Update();
        }

        Assert.That(Memfd.OpenDescriptors(path), Is.EqualTo(1), "the one that travels");
        using Session incoming = lives.Device.RetrieveSession("s");
        incoming.Finish();
        Assert.That(Memfd.OpenDescriptors(path), Is.Zero);
        Assert.That(lives.Now.CleanupErrors, Is.Empty);
        File.Delete(path);
    }

    [Test]
    public void ClosedSessionLetsTheCallersHandleGo()
    {
        using Lives lives = Start();
        SafeFileHandle file = Descriptors.EventFd(0);
        using (Session session = lives.Device.CreateSession("s"))
        {
            session.Preserve(1, file);
            file.Dispose();
            Assert.That(Libc.Fcntl(file, Libc.F_GETFD, 0), Is.Not.Negative, "the session holds it");
        }

        Assert.That(() => Libc.Fcntl(file, Libc.F_GETFD, 0), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(lives.Now.Descriptors.Count, Is.Zero);
    }

    [TestCaseSource(typeof(Descriptors), nameof(Descriptors.Bound))]
    public void KindThatIsBoundToItsProcessIsRefusedByItsName(string link, Func<SafeFileHandle> open)
    {
        using SafeFileHandle file = open();
        if (file.IsInvalid)
            Skip.Because($"{link} cannot be opened here.");
        using Lives lives = Start();
        using Session session = lives.Device.CreateSession("s");
        LiveUpdateException refusal = Refused.With(LiveUpdateError.NotSupported, () => session.Preserve(1, file));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(DescriptorInfo.LinkText(file), Is.EqualTo("anon_inode:" + link));
            Assert.That(refusal.Message, Does.Contain($"\"anon_inode:{link}\""));
            Assert.That(lives.Now.Descriptors.Count, Is.Zero);
        }

        session.Preserve(1, Descriptors.EventFd(0));
    }

    [Test]
    public void WhatIsNoOpenDescriptorIsRefused()
    {
        using Lives lives = Start();
        using Session session = lives.Device.CreateSession("s");
        using var unused = new SafeFileHandle(1_000_000, ownsHandle: false);
        Refused.With(LiveUpdateError.BadDescriptor, () => session.Preserve(1, unused));
        using SafeFileHandle closed = Descriptors.EventFd(0);
        closed.Dispose();
        Refused.With(LiveUpdateError.BadDescriptor, () => session.Preserve(1, closed));
        Assert.That(lives.Now.Descriptors.Count, Is.Zero);
    }

    [Test]
    public void SlotThatNoDescriptorArrivedInIsRefusedBeforeTheCommit()
    {
        foreach (ulong slot in new ulong[] { 1, int.MaxValue, 1UL << 32, ulong.MaxValue })
        {
            using var lives = new Lives(() => [new WrongSlotHandler(slot)]);
            using Session session = lives.Device.CreateSession("s");
            using SafeFileHandle file = Descriptors.EventFd(0);
            session.Preserve(1, file);
            LiveUpdateException refusal = Refused.With(LiveUpdateError.InputOutput, () => lives.Update([new DescriptorHandler()]));
            Assert.That(refusal.InnerException, Is.TypeOf<LiveUpdateImageException>());
        }
    }

    private static Lives Start() => new(() => [new DescriptorHandler()]);

    /// <summary>Hands over under the descriptor handler's name, with another slot than the descriptor's.</summary>
    private sealed class WrongSlotHandler(ulong slot) : FileHandler<SafeHandle>(DescriptorHandler.CompatibleString)
    {
        protected override void Preserve(ref PreserveContext<SafeHandle> context)
        {
            context.Descriptors.Add(context.File);
            context.Data = new DataHandle(slot);
        }

        protected override void Unpreserve(in FileContext<SafeHandle> context) => context.Descriptors.Remove(0);

        protected override SafeHandle Retrieve(ref RetrieveContext context) => throw new NotSupportedException();

        protected override void Finish(in FinishContext<SafeHandle> context)
        {
        }
    }
}
