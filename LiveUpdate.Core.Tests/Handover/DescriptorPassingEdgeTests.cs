using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Interop;
using LiveUpdate.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Tests.Handover;

/// <summary>Descriptors over sockets of every type, handles that are none, and calls that end half-way: nothing is left open.</summary>
[Platform(Include = "Linux", Reason = "Descriptors are passed over Unix sockets of Linux.")]
[SupportedOSPlatform("linux")]
[NonParallelizable]
public sealed class DescriptorPassingEdgeTests
{
    private const string Marker = "/memfd:edges";
    private const int Datagram = 2;
    private const int Seqpacket = 5;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_short = TimeSpan.FromMilliseconds(20);

    private readonly List<IDisposable> _owned = [];
    private readonly List<SafeFileHandle> _files = [];

    [SetUp]
    public void SetUp() => Assert.That(OpenDescriptors.Count(Marker), Is.Zero);

    [TearDown]
    public void TearDown()
    {
        int received = OpenDescriptors.Count(Marker) - _files.Count(static file => !file.IsClosed);
        _owned.ForEach(static owned => owned.Dispose());
        _files.ForEach(static file => file.Dispose());
        _owned.Clear();
        _files.Clear();
        Assert.That(received, Is.Zero, "what was received was closed by the test or by the library");
        Assert.That(OpenDescriptors.Count(Marker), Is.Zero, "what was on its way ends with its socket");
    }

    [TestCase(Libc.SOCK_STREAM, 0)]
    [TestCase(Libc.SOCK_STREAM, 1)]
    [TestCase(Libc.SOCK_STREAM, 253)]
    [TestCase(Datagram, 0)]
    [TestCase(Datagram, 1)]
    [TestCase(Datagram, 253)]
    [TestCase(Seqpacket, 0)]
    [TestCase(Seqpacket, 1)]
    [TestCase(Seqpacket, 253)]
    public void One_message_brings_its_bytes_and_its_descriptors(int type, int count)
    {
        (Socket near, Socket far) = Pair(type);
        Send(near, "hello"u8, count);
        Send(near, "again"u8, 1);
        using var received = new ReceivedDescriptors();
        Span<byte> data = stackalloc byte[5];
        Assert.That(DescriptorPassing.Receive(far, data, received, s_patience), Is.EqualTo(5));
        Assert.That(data.SequenceEqual("hello"u8), Is.True);
        Assert.That(received.Count, Is.EqualTo(count), "those of the message behind it stay there");
        Assert.That(DescriptorPassing.Receive(far, data, received, s_patience), Is.EqualTo(5));
        Assert.That(received.Count, Is.EqualTo(count + 1));
    }

    [TestCase(Datagram, 0)]
    [TestCase(Datagram, 1000)]
    [TestCase(Seqpacket, 0)]
    [TestCase(Seqpacket, 254)]
    [TestCase(Seqpacket, 1000)]
    public async Task Any_number_goes_over_sockets_of_messages(int type, int count)
    {
        (Socket near, Socket far) = Pair(type);
        SafeFileHandle[] files = MakeFiles(count);
        Task sending = Task.Run(() => DescriptorPassing.SendAll(near, files, s_patience));
        using ReceivedDescriptors received = DescriptorPassing.ReceiveAll(far, count, s_patience);
        await sending;
        Assert.That(received.Count, Is.EqualTo(count));
        foreach (SafeFileHandle file in files)
        {
            using SafeFileHandle arrived = received.Take();
            Assert.That(DescriptorInfo.Identify(arrived), Is.EqualTo(DescriptorInfo.Identify(file)));
        }
    }

    [TestCase(Libc.SOCK_STREAM)]
    [TestCase(Seqpacket)]
    public void Sockets_that_never_wait_serve_as_well(int type)
    {
        (Socket near, Socket far) = Pair(type);
        (near.Blocking, far.Blocking) = (false, false);
        using var received = new ReceivedDescriptors();
        Refused.With(LiveUpdateError.TimedOut, () => DescriptorPassing.Receive(far, new byte[1], received, s_short));
        Send(near, "x"u8, 2);
        Assert.That(DescriptorPassing.Receive(far, new byte[1], received, s_patience), Is.EqualTo(1));
        Assert.That(received.Count, Is.EqualTo(2));
    }

    [TestCase(Datagram)]
    [TestCase(Seqpacket)]
    public void A_message_that_is_cut_short_closes_what_came_before_it_too(int type)
    {
        (Socket near, Socket far) = Pair(type);
        Send(near, "x"u8, 3);
        Send(near, "too long"u8, 3);
        using var received = new ReceivedDescriptors();
        DescriptorPassing.Receive(far, new byte[4], received, s_patience);
        Assert.That(received.Count, Is.EqualTo(3));
        Refused.With(LiveUpdateError.TooManyFiles, () => DescriptorPassing.Receive(far, new byte[4], received, s_patience));
        Assert.That(received.Count, Is.Zero);
    }

    [Test]
    public void An_invalid_handle_is_EBADF_and_nothing_is_sent()
    {
        (Socket near, Socket far) = Pair(Libc.SOCK_STREAM);
        using var invalid = new SafeFileHandle();
        using var closedBehind = new SafeFileHandle(0x7ffffff0, ownsHandle: false);
        SafeFileHandle good = MakeFiles(1)[0];
        Refused.With(LiveUpdateError.BadDescriptor, () => DescriptorPassing.Send(near, "x"u8, [good, invalid]));
        Refused.With(LiveUpdateError.BadDescriptor, () => DescriptorPassing.Send(near, "x"u8, [closedBehind, good]));
        Refused.With(LiveUpdateError.BadDescriptor, () => DescriptorPassing.SendAll(near, [good, invalid]));
        Assert.That(far.Available, Is.Zero);
    }

    [Test]
    public void A_handle_that_is_a_pointer_is_not_taken_for_the_descriptor_of_its_lower_half()
    {
        (Socket near, Socket far) = Pair(Libc.SOCK_STREAM);
        using var pointer = new PointerHandle(((nint)0x7f12 << 32) + MakeFiles(1)[0].DangerousGetHandle());
        Refused.With(LiveUpdateError.BadDescriptor, () => DescriptorPassing.Send(near, "x"u8, [pointer]));
        Assert.That(far.Available, Is.Zero);
    }

    [Test]
    public void Sockets_that_cannot_carry_descriptors_are_refused()
    {
        SafeFileHandle file = MakeFiles(1)[0];
        using var unconnected = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        const LiveUpdateError NotConnected = (LiveUpdateError)107;
        Refused.With(NotConnected, () => DescriptorPassing.Send(unconnected, "x"u8, [file]));
        unconnected.Dispose();
        Assert.That(() => DescriptorPassing.Send(unconnected, "x"u8, [file]), Throws.InstanceOf<ObjectDisposedException>());
        using var received = new ReceivedDescriptors();
        Assert.That(() => DescriptorPassing.Receive(unconnected, new byte[1], received), Throws.InstanceOf<ObjectDisposedException>());
    }

    [TestCase(Libc.SOCK_STREAM)]
    [TestCase(Seqpacket)]
    public void A_peer_that_closed_is_EPIPE_and_what_it_sent_before_arrives(int type)
    {
        (Socket near, Socket far) = Pair(type);
        Send(near, "x"u8, 2);
        near.Dispose();
        Refused.With(LiveUpdateError.BrokenPipe, () => Send(far, "x"u8, 1));
        using var received = new ReceivedDescriptors();
        Assert.That(DescriptorPassing.Receive(far, new byte[1], received, s_patience), Is.EqualTo(1));
        Assert.That(received.Count, Is.EqualTo(2));
        Assert.That(DescriptorPassing.Receive(far, new byte[1], received, s_patience), Is.Zero);
        Assert.That(received.Count, Is.EqualTo(2));
    }

    [Test]
    public void A_datagram_to_a_peer_that_closed_is_refused()
    {
        (Socket near, Socket far) = Pair(Datagram);
        far.Dispose();
        LiveUpdateException? refusal = Assert.Throws<LiveUpdateException>(() => Send(near, "x"u8, 1));
        Assert.That((int)refusal!.Error, Is.EqualTo(111));
    }

    [Test]
    public void Sending_that_ends_half_way_keeps_the_senders_handles()
    {
        (Socket near, _) = Pair(Libc.SOCK_STREAM);
        near.SendBufferSize = 1;
        SafeFileHandle[] files = [.. Enumerable.Repeat(MakeFiles(1)[0], 100_000)];
        Refused.With(LiveUpdateError.TimedOut, () => DescriptorPassing.SendAll(near, files, s_short));
        Assert.That(files[0].IsClosed, Is.False);
    }

    [Test]
    public void Receiving_that_ends_half_way_closes_what_came()
    {
        (Socket near, Socket far) = Pair(Libc.SOCK_STREAM);
        DescriptorPassing.Send(near, [2, 0, 0, 0, 5, 0, 0, 0], MakeFiles(2));
        Refused.With(LiveUpdateError.TimedOut, () => DescriptorPassing.ReceiveAll(far, 100, s_short));
        DescriptorPassing.Send(near, [2, 0, 0], MakeFiles(2));
        Refused.With(LiveUpdateError.TimedOut, () => DescriptorPassing.ReceiveAll(far, 100, s_short));
    }

    [TestCase(3, 2)]
    [TestCase(254, 253)]
    [TestCase(1, 0)]
    public void The_receivers_own_limit_is_kept(int count, int limit)
    {
        (Socket near, Socket far) = Pair(Libc.SOCK_STREAM);
        DescriptorPassing.SendAll(near, MakeFiles(count), s_patience);
        Refused.With(LiveUpdateError.TooBig, () => DescriptorPassing.ReceiveAll(far, limit, s_patience));
    }

    [Test]
    public void What_is_taken_is_the_callers_and_what_is_not_is_closed()
    {
        (Socket near, Socket far) = Pair(Libc.SOCK_STREAM);
        Send(near, "x"u8, 3);
        var received = new ReceivedDescriptors();
        DescriptorPassing.Receive(far, new byte[1], received, s_patience);
        using SafeFileHandle taken = received.Take();
        received.Dispose();
        received.Dispose();
        Assert.That(taken.IsClosed, Is.False);
        Assert.That(OpenDescriptors.Count(Marker), Is.EqualTo(3 + 1));
        Send(near, "x"u8, 1);
        DescriptorPassing.Receive(far, new byte[1], received, s_patience);
        Assert.That(received.Count, Is.EqualTo(1), "it can be used again");
        received.Dispose();
    }

    private void Send(Socket socket, ReadOnlySpan<byte> data, int count) => DescriptorPassing.Send(socket, data, MakeFiles(count), s_patience);

    private SafeFileHandle[] MakeFiles(int count)
    {
        SafeFileHandle[] files = [.. Enumerable.Range(0, count).Select(static _ => Libc.MemfdCreate("edges", Libc.MFD_CLOEXEC))];
        _files.AddRange(files);
        return files;
    }

    private (Socket Near, Socket Far) Pair(int type)
    {
        Span<int> pair = [-1, -1];
        Assert.That(Libc.Socketpair(Libc.AF_UNIX, type | Libc.SOCK_CLOEXEC, 0, pair), Is.Zero);
        var near = new Socket(new SafeSocketHandle(pair[0], true));
        var far = new Socket(new SafeSocketHandle(pair[1], true));
        _owned.AddRange([near, far]);
        return (near, far);
    }

    private sealed class PointerHandle : SafeHandle
    {
        public PointerHandle(nint value)
            : base(0, ownsHandle: false) => SetHandle(value);

        public override bool IsInvalid => false;

        protected override bool ReleaseHandle() => true;
    }
}
