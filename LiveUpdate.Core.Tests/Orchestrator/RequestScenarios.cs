using System.Buffers.Binary;
using CsCheck;
using LiveUpdate.Abi;
using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Orchestrator;

/// <summary>Reference 7.9: requests, byte by byte.</summary>
public class RequestScenarios
{
    private static readonly byte[] s_name = "vm-42"u8.ToArray();

    [Test]
    public void T_200_longer_struct_with_a_zero_tail()
    {
        using var first = Generation.Boot();
        var user = new UapiUser(first);
        byte[] request = UapiUser.NameStruct(s_name, size: 80);
        Assert.That(user.Ioctl(user.Device, LiveUpdateIoctl.CreateSession, request), Is.EqualTo(LiveUpdateError.None));
        Assert.That(UapiUser.Descriptor(request), Is.EqualTo(1));
        Assert.That(BinaryPrimitives.ReadUInt32LittleEndian(request), Is.EqualTo(80));
    }

    [Test]
    public void T_201_longer_struct_with_a_tail_that_is_not_zero()
    {
        using var first = Generation.Boot();
        var user = new UapiUser(first);
        byte[] request = UapiUser.NameStruct(s_name, size: 81);
        request[80] = 1;
        Assert.That(user.Ioctl(user.Device, LiveUpdateIoctl.CreateSession, request), Is.EqualTo(LiveUpdateError.TooBig));
        Assert.That(first.Engine.Outgoing.Count, Is.Zero);
    }

    [TestCase(71u)]
    [TestCase(0u)]
    [TestCase(4u)]
    public void T_202_shorter_struct(uint size)
    {
        using var first = Generation.Boot();
        var user = new UapiUser(first);
        byte[] request = UapiUser.NameStruct(s_name, size);
        Assert.That(user.Ioctl(user.Device, LiveUpdateIoctl.CreateSession, request), Is.EqualTo(LiveUpdateError.InvalidArgument));
        Assert.That(user.Ioctl(user.Device, LiveUpdateIoctl.RetrieveSession, request), Is.EqualTo(LiveUpdateError.InvalidArgument));
    }

    [Test]
    public void T_203_numbers_that_the_target_does_not_know()
    {
        using var first = Generation.Boot();
        var user = new UapiUser(first);
        int session = user.Create("a");
        byte[] request = UapiUser.NameStruct(s_name);
        foreach (uint number in (uint[])[0x02, 0x3F, 0x40, 0x43, 0xFF])
            Assert.That(user.Ioctl(user.Device, 0xBA00 | number, request), Is.EqualTo(LiveUpdateError.InvalidArgument), $"{number:x}");
        foreach (uint number in (uint[])[0x3F, 0x44, 0x00, 0x01, 0xFF])
            Assert.That(user.Ioctl(session, 0xBA00 | number, request), Is.EqualTo(LiveUpdateError.InvalidArgument), $"session, {number:x}");
        var hole = new TestMemory(request) { ReadableTo = 0 };
        Assert.That(user.Dispatcher.Ioctl(user.Device, 0xBB02, hole), Is.EqualTo(LiveUpdateError.InvalidArgument), "before the size");
    }

    [Test]
    public void T_204_wrong_type()
    {
        using var first = Generation.Boot();
        var user = new UapiUser(first);
        byte[] request = UapiUser.NameStruct(s_name);
        Assert.That(user.Ioctl(user.Device, 0x0000_BB00, request), Is.EqualTo(LiveUpdateError.NotATypewriter));
        Assert.That(user.Ioctl(user.Device, 0xC048_BA00, request), Is.EqualTo(LiveUpdateError.NotATypewriter), "direction and size bits");
        Assert.That(user.Ioctl(user.Create("a"), 0x0000_F642, request), Is.EqualTo(LiveUpdateError.NotATypewriter));
        int file = user.Install(new TestFile(1));
        Assert.That(user.Ioctl(file, LiveUpdateIoctl.GetName, request), Is.EqualTo(LiveUpdateError.NotATypewriter));
        Assert.That(user.Ioctl(99, LiveUpdateIoctl.GetName, request), Is.EqualTo(LiveUpdateError.BadDescriptor));
    }

    [Test]
    public void T_205_bad_pointer_wins_over_the_wrong_type()
    {
        using var first = Generation.Boot();
        var user = new UapiUser(first);
        var hole = new TestMemory(UapiUser.NameStruct(s_name)) { ReadableTo = 0 };
        Assert.That(user.Dispatcher.Ioctl(user.Device, 0x0000_BB00, hole), Is.EqualTo(LiveUpdateError.BadAddress));
    }

    [TestCase(0)]
    [TestCase(3)]
    [TestCase(4)]
    [TestCase(71)]
    public void T_206_bad_pointer(int readable)
    {
        using var first = Generation.Boot();
        var user = new UapiUser(first);
        var hole = new TestMemory(UapiUser.NameStruct(s_name)) { ReadableTo = readable };
        Assert.That(user.Dispatcher.Ioctl(user.Device, LiveUpdateIoctl.CreateSession, hole), Is.EqualTo(LiveUpdateError.BadAddress));
        Assert.That(first.Engine.Outgoing.Count, Is.Zero);
    }

    [Test]
    public void Partly_unreadable_tail_answers_what_comes_first_by_address()
    {
        using var first = Generation.Boot();
        var user = new UapiUser(first);
        byte[] request = UapiUser.NameStruct(s_name, size: 2000);
        request[1500] = 1;
        Assert.That(Create(1400), Is.EqualTo(LiveUpdateError.BadAddress));
        Assert.That(Create(1501), Is.EqualTo(LiveUpdateError.TooBig));
        Assert.That(Create(1500), Is.EqualTo(LiveUpdateError.BadAddress));
        BinaryPrimitives.WriteUInt32LittleEndian(request, uint.MaxValue);
        request[1500] = 0;
        Assert.That(Create(2000), Is.EqualTo(LiveUpdateError.BadAddress), "no bound but the bits of the size, and no endless loop");

        LiveUpdateError Create(long readable) =>
            user.Dispatcher.Ioctl(user.Device, LiveUpdateIoctl.CreateSession, new TestMemory(request) { ReadableTo = readable });
    }

    [Test]
    public void T_207_failing_request_leaves_the_struct_as_it_was()
    {
        using var first = Generation.Boot();
        var user = new UapiUser(first);
        int session = user.Create("a");
        byte[] duplicate = UapiUser.NameStruct("a"u8);
        byte[] reserved = UapiUser.NameStruct("filler"u8);
        byte[] fd = UapiUser.FdStruct(99, 7);
        foreach ((int descriptor, uint request, byte[] bytes, LiveUpdateError error) in new[]
        {
            (user.Device, LiveUpdateIoctl.CreateSession, duplicate, LiveUpdateError.Exists),
            (user.Device, LiveUpdateIoctl.RetrieveSession, duplicate, LiveUpdateError.NotFound),
            (session, LiveUpdateIoctl.GetName, reserved, LiveUpdateError.InvalidArgument),
            (session, LiveUpdateIoctl.PreserveFd, fd, LiveUpdateError.BadDescriptor),
        })
        {
            byte[] before = [.. bytes];
            Assert.That(user.Ioctl(descriptor, request, bytes), Is.EqualTo(error));
            Assert.That(bytes, Is.EqualTo(before));
        }
    }

    [Test]
    public void T_208_answer_leaves_the_tail_alone()
    {
        using var first = Generation.Boot();
        var user = new UapiUser(first);
        int session = user.Create("a");
        byte[] request = UapiUser.NameStruct(default, size: 200);
        BinaryPrimitives.WriteUInt32LittleEndian(request.AsSpan(4), 0);
        var memory = new CountingMemory(request);
        Assert.That(user.Dispatcher.Ioctl(session, LiveUpdateIoctl.GetName, memory), Is.EqualTo(LiveUpdateError.None));
        Assert.That(memory.Written, Is.EqualTo((0L, 72)));
        Assert.That(request[8], Is.EqualTo((byte)'a'));
        Assert.That(request.AsSpan(72).IndexOfAnyExcept((byte)0), Is.EqualTo(-1));
    }

    /// <summary>Whatever the request and its bytes: an errno, no exception, and the table still gives out the lowest number.</summary>
    [Test]
    public void Random_requests_answer_an_errno()
    {
        Gen<uint> requests = Gen.OneOf(
            Gen.OneOf(0xBA00u, 0xBA01u, 0xBA40u, 0xBA41u, 0xBA42u, 0xBA43u), Gen.UInt[0xBA00, 0xBA4F], Gen.UInt);
        Gen<uint> sizes = Gen.OneOf(Gen.UInt[0, 100], Gen.OneOf(8u, 16u, 72u, uint.MaxValue));
        Gen<(int Descriptor, uint Request, uint Size, byte[] Bytes)> calls =
            Gen.Select(Gen.Int[-1, 6], requests, sizes, Gen.Byte.Array[0, 100]);
        calls.Array[1, 40].Sample(
            static calls =>
            {
                using var first = Generation.Boot(new RecordingHandler(new CallbackLog()));
                first.Create("incoming");
                Generation second = first.Update();
                second.Device.Dispose();
                var user = new UapiUser(second);
                user.Install(new TestFile(1));
                user.RetrieveSession("incoming", out _);
                foreach ((int descriptor, uint request, uint size, byte[] bytes) in calls)
                {
                    if (bytes.Length >= sizeof(uint))
                        BinaryPrimitives.WriteUInt32LittleEndian(bytes, size);
                    user.Dispatcher.Ioctl(descriptor, request, bytes);
                }

                user.Dispatcher.CloseAll();
                return user.Install(new TestFile(2)) == 0 && second.Held.Ids == 0;
            },
            iter: 300,
            writeLine: TestContext.Out.WriteLine);
    }

    private sealed class CountingMemory(byte[] bytes) : UserMemory
    {
        private readonly UserBuffer _buffer = new(bytes);

        public (long Offset, int Length) Written { get; private set; }

        public override bool TryRead(long offset, Span<byte> destination) => _buffer.TryRead(offset, destination);

        public override bool TryWrite(long offset, ReadOnlySpan<byte> source)
        {
            Written = (offset, source.Length);
            return _buffer.TryWrite(offset, source);
        }
    }
}
