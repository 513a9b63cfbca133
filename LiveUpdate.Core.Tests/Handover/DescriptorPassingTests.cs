using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using LiveUpdate.Interop;
using LiveUpdate.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace LiveUpdate.Tests.Handover;

/// <summary>Descriptors over Unix sockets: any number, nothing lost without an error, nothing left open.</summary>
[Platform(Include = "Linux", Reason = "Descriptors are passed over Unix sockets of Linux.")]
[SupportedOSPlatform("linux")]
[NonParallelizable]
public sealed partial class DescriptorPassingTests
{
    private const string Marker = "/memfd:passing";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private Socket _near = null!;
    private Socket _far = null!;
    private List<SafeFileHandle> _files = null!;
    private int _before;

    [SetUp]
    public void SetUp()
    {
        (_near, _far) = Pair(SocketType.Stream);
        _before = OpenDescriptors.Count(Marker);
        _files = [];
    }

    [TearDown]
    public void TearDown()
    {
        _near.Dispose();
        _far.Dispose();
        foreach (SafeFileHandle file in _files)
            file.Dispose();
        Assert.That(OpenDescriptors.Count(Marker), Is.EqualTo(_before));
    }

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(253)]
    [TestCase(254)]
    [TestCase(1000)]
    public async Task Any_number_arrives_in_order(int count)
    {
        MakeFiles(count);
        Task sending = Task.Run(() => DescriptorPassing.SendAll(_near, _files, s_patience));
        using ReceivedDescriptors received = DescriptorPassing.ReceiveAll(_far, 1000, s_patience);
        await sending;
        Assert.That(received.Count, Is.EqualTo(count));
        for (int i = 0; i < count; i++)
        {
            using SafeFileHandle file = received.Take();
            Assert.That(DescriptorInfo.Identify(file), Is.EqualTo(DescriptorInfo.Identify(_files[i])));
            Assert.That(Libc.Fcntl(file, Libc.F_GETFD, 0) & Libc.FD_CLOEXEC, Is.EqualTo(Libc.FD_CLOEXEC));
        }

        Assert.That(received.Count, Is.Zero);
        Assert.That(_files.All(static file => !file.IsClosed), Is.True);
        Assert.That(_far.Available, Is.Zero);
    }

    [Test]
    public async Task A_seqpacket_socket_serves_too()
    {
        (Socket near, Socket far) = Pair(SocketType.Seqpacket);
        using (near)
        using (far)
        {
            MakeFiles(300);
            Task sending = Task.Run(() => DescriptorPassing.SendAll(near, _files, s_patience));
            using ReceivedDescriptors received = DescriptorPassing.ReceiveAll(far, 300, s_patience);
            await sending;
            Assert.That(received.Count, Is.EqualTo(300));
        }
    }

    [Test]
    public void A_message_has_bytes_and_descriptors()
    {
        MakeFiles(2);
        DescriptorPassing.Send(_near, "hello"u8, [.. _files]);
        using var received = new ReceivedDescriptors();
        Span<byte> data = new byte[10];
        int length = DescriptorPassing.Receive(_far, data, received);
        Assert.That(data[..length].SequenceEqual("hello"u8), Is.True);
        Assert.That(received.Count, Is.EqualTo(2));
    }

    [Test]
    public void Data_of_megabytes_goes_through_a_small_socket()
    {
        MakeFiles(1);
        var data = new byte[4 << 20];
        new Random(1).NextBytes(data);
        Task sending = Task.Run(() => DescriptorPassing.Send(_near, data, [.. _files], s_patience));
        using var received = new ReceivedDescriptors();
        var arrived = new byte[data.Length];
        for (int filled = 0; filled < arrived.Length;)
            filled += DescriptorPassing.Receive(_far, arrived.AsSpan(filled), received, s_patience);
        sending.Wait();
        Assert.That(arrived.AsSpan().SequenceEqual(data), Is.True);
        Assert.That(received.Count, Is.EqualTo(1));
    }

    [Test]
    public void A_datagram_that_does_not_fit_is_an_error_and_its_descriptors_are_closed()
    {
        (Socket near, Socket far) = Pair(SocketType.Seqpacket);
        using (near)
        using (far)
        {
            MakeFiles(3);
            DescriptorPassing.Send(near, "hello"u8, [.. _files]);
            using var received = new ReceivedDescriptors();
            Refused.With(LiveUpdateError.TooManyFiles, () => DescriptorPassing.Receive(far, new byte[2], received));
            Assert.That(received.Count, Is.Zero);
            Assert.That(OpenDescriptors.Count(Marker), Is.EqualTo(_before + 3));
        }
    }

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(100)]
    public void The_limit_of_open_files_in_the_middle_is_an_error_and_nothing_stays_open(int room)
    {
        MakeFiles(200);
        DescriptorPassing.SendAll(_near, _files);
        GetLimit(7, out ResourceLimit before);
        var low = new ResourceLimit { Soft = (ulong)(HighestDescriptor() + 1 + room), Hard = before.Hard };
        using var holes = new Holes();
        SetLimit(7, low);
        try
        {
            Refused.With(LiveUpdateError.TooManyFiles, () => DescriptorPassing.ReceiveAll(_far, 1000, s_patience));
        }
        finally
        {
            SetLimit(7, before);
        }

        Assert.That(OpenDescriptors.Count(Marker), Is.EqualTo(_before + 200));
    }

    [Test]
    public void A_closed_peer_is_an_error_and_no_signal()
    {
        MakeFiles(1);
        _far.Dispose();
        Refused.With(LiveUpdateError.BrokenPipe, () => DescriptorPassing.Send(_near, "x"u8, [.. _files]));
        Refused.With(LiveUpdateError.BrokenPipe, () => DescriptorPassing.SendAll(_near, _files));
        Refused.With(LiveUpdateError.BrokenPipe, () => DescriptorPassing.ReceiveAll(_near, 1));
        using var received = new ReceivedDescriptors();
        Assert.That(DescriptorPassing.Receive(_near, new byte[1], received), Is.Zero);
    }

    [Test]
    public void A_peer_that_closes_in_the_middle_loses_nothing_here()
    {
        MakeFiles(10);
        DescriptorPassing.Send(_near, [10, 0, 0, 0, 10, 0, 0, 0], [.. _files]);
        _near.Dispose();
        Refused.With(LiveUpdateError.BrokenPipe, () => DescriptorPassing.ReceiveAll(_far, 100));
        Assert.That(OpenDescriptors.Count(Marker), Is.EqualTo(_before + 10));
    }

    [TestCase(new byte[] { 2, 0, 0, 0, 0, 0, 0, 0 }, TestName = "More announced than came")]
    [TestCase(new byte[] { 0, 0, 0, 0, 0, 0, 0, 0 }, TestName = "Fewer announced than came")]
    [TestCase(new byte[] { 255, 255, 255, 255, 0, 0, 0, 0 }, TestName = "A negative number")]
    [TestCase(new byte[] { 1, 0, 0, 0, 255, 255, 255, 255 }, TestName = "A negative rest")]
    public void What_is_not_the_protocol_is_an_error(byte[] header)
    {
        MakeFiles(1);
        DescriptorPassing.Send(_near, header, [.. _files]);
        Refused.With(LiveUpdateError.Protocol, () => DescriptorPassing.ReceiveAll(_far, 100));
        Assert.That(OpenDescriptors.Count(Marker), Is.EqualTo(_before + 1));
    }

    [Test]
    public void More_than_the_limit_is_refused()
    {
        MakeFiles(3);
        DescriptorPassing.SendAll(_near, _files);
        Refused.With(LiveUpdateError.TooBig, () => DescriptorPassing.ReceiveAll(_far, 2));
        Assert.That(OpenDescriptors.Count(Marker), Is.EqualTo(_before + 3));
    }

    [Test]
    public void Waiting_ends()
    {
        using var received = new ReceivedDescriptors();
        Refused.With(LiveUpdateError.TimedOut, () => DescriptorPassing.Receive(_far, new byte[1], received, TimeSpan.FromMilliseconds(1)));
        Refused.With(LiveUpdateError.TimedOut, () => DescriptorPassing.Send(_near, new byte[64 << 20], [], TimeSpan.FromMilliseconds(1)));
    }

    [Test]
    public void Misuse_throws()
    {
        MakeFiles(1);
        using var received = new ReceivedDescriptors();
        Assert.That(() => DescriptorPassing.Send(_near, [], [.. _files]), Throws.ArgumentException);
        Assert.That(() => DescriptorPassing.Send(_near, "x"u8, new SafeHandle[254]), Throws.ArgumentException);
        Assert.That(() => DescriptorPassing.Send(_near, "x"u8, [null!]), Throws.ArgumentNullException);
        Assert.That(() => DescriptorPassing.Send(null!, "x"u8, []), Throws.ArgumentNullException);
        Assert.That(() => DescriptorPassing.Receive(_near, [], received), Throws.ArgumentException);
        Assert.That(() => DescriptorPassing.ReceiveAll(_near, -1), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(received.Take, Throws.InvalidOperationException);
        _files[0].Dispose();
        Assert.That(() => DescriptorPassing.Send(_near, "x"u8, [_files[0]]), Throws.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    public void A_message_leaves_the_references_of_its_handles_as_they_were()
    {
        MakeFiles(5);
        _files[3].Dispose();
        Assert.That(() => DescriptorPassing.Send(_near, "x"u8, [.. _files]), Throws.InstanceOf<ObjectDisposedException>());
        foreach (SafeFileHandle file in _files)
            file.Dispose();
        Assert.That(OpenDescriptors.Count(Marker), Is.EqualTo(_before));
    }

    [TestCase(1, 24)]
    [TestCase(2, 24)]
    [TestCase(253, 1032)]
    public void Control_messages_have_the_sizes_of_the_C_macros(int descriptors, int space)
    {
        Assert.That(SocketMessage.ControlSpace(descriptors * sizeof(int)), Is.EqualTo(space));
        Assert.That(SocketMessage.ControlLength(descriptors * sizeof(int)), Is.EqualTo(16 + (descriptors * sizeof(int))));
    }

    private static (Socket Near, Socket Far) Pair(SocketType type)
    {
        Span<int> pair = [-1, -1];
        int kind = type == SocketType.Stream ? Libc.SOCK_STREAM : 5;
        Assert.That(Libc.Socketpair(Libc.AF_UNIX, kind | Libc.SOCK_CLOEXEC, 0, pair), Is.Zero);
        return (new Socket(new SafeSocketHandle(pair[0], true)), new Socket(new SafeSocketHandle(pair[1], true)));
    }

    private static int HighestDescriptor() =>
        Directory.EnumerateFileSystemEntries("/proc/self/fd").Max(static path => int.Parse(Path.GetFileName(path.AsSpan()), CultureInfo.InvariantCulture));

    private void MakeFiles(int count)
    {
        for (int i = 0; i < count; i++)
            _files.Add(Libc.MemfdCreate("passing", Libc.MFD_CLOEXEC));
    }

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int GetLimit(int resource, out ResourceLimit limit);

    [LibraryImport("libc", EntryPoint = "setrlimit")]
    private static partial int SetLimit(int resource, in ResourceLimit limit);

    [StructLayout(LayoutKind.Sequential)]
    private struct ResourceLimit
    {
        public ulong Soft;
        public ulong Hard;
    }

    /// <summary>Fills the numbers below the highest one that is in use, so that a limit above it says exactly how many are free.</summary>
    private sealed class Holes : IDisposable
    {
        private readonly List<SafeFileHandle> _fillers = [];

        public Holes()
        {
            int highest = HighestDescriptor();
            while (true)
            {
                SafeFileHandle filler = Libc.Eventfd(0, Libc.EFD_CLOEXEC);
                if ((int)filler.DangerousGetHandle() > highest)
                {
                    filler.Dispose();
                    return;
                }

                _fillers.Add(filler);
            }
        }

        public void Dispose() => _fillers.ForEach(static filler => filler.Dispose());
    }
}
