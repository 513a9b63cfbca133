using System.Buffers;
using System.Buffers.Binary;
using LiveUpdate.Agent;
using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Agent;

/// <summary>The messages as bytes.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class UpdateWireTests
{
    private const int Damages = 400;

    private static readonly SessionName s_name = Name([0xff, 0x01, (byte)'s']);

    private static IEnumerable<TestCaseData> Requests => UpdateSamples.Requests.Select(static request => new TestCaseData(request).SetArgDisplayNames(request.Kind.ToString()));

    private static IEnumerable<TestCaseData> Notices => UpdateSamples.Notices.Select(static notice => new TestCaseData(notice).SetArgDisplayNames(notice.Kind.ToString()));

    [TestCaseSource(nameof(Requests))]
    public void A_request_is_read_as_it_was_written(UpdateRequest request)
    {
        byte[] frame = request.Write();
        Assert.That(BinaryPrimitives.ReadUInt32LittleEndian(frame), Is.EqualTo(frame.Length));
        UpdateRequest read = UpdateRequest.Read(Payload(frame));
        Assert.That(read.Kind, Is.EqualTo(request.Kind));
        Assert.That(read.Write(), Is.EqualTo(frame));
    }

    [TestCaseSource(nameof(Notices))]
    public void A_notice_is_read_as_it_was_written(UpdateNotice notice)
    {
        byte[] frame = notice.Frame;
        UpdateNotice read = UpdateNotice.Read(Payload(frame));
        Assert.That(read.Kind, Is.EqualTo(notice.Kind));
        Assert.That(read.Frame, Is.EqualTo(frame).And.Not.SameAs(frame));
    }

    [Test]
    public void Every_kind_has_a_sample() =>
        Assert.That(
            UpdateSamples.Requests.Select(static request => request.Kind).Concat(UpdateSamples.Notices.Select(static notice => notice.Kind)).Distinct(),
            Is.EquivalentTo(Enum.GetValues<UpdateMessageKind>()));

    [Test]
    public void Values_are_what_they_were()
    {
        UpdateNotice read = UpdateNotice.Read(Payload(new UpdateNotice(UpdateMessageKind.SessionsAnswer)
        {
            Number = ulong.MaxValue,
            Sessions = [new AgentSessionInfo(s_name, true, uint.MaxValue, false, long.MaxValue, 3)],
            HasMore = true,
        }.Frame));
        Assert.That((read.Number, read.HasMore), Is.EqualTo((ulong.MaxValue, true)));
        Assert.That(read.Sessions.Single(), Is.EqualTo(new AgentSessionInfo(s_name, true, uint.MaxValue, false, long.MaxValue, 3)));
        AgentEvent happened = UpdateSamples.Event;
        Assert.That(UpdateNotice.Read(Payload(new UpdateNotice(UpdateMessageKind.Event) { Event = happened }.Frame)).Event, Is.EqualTo(happened));
        UpdateRequest start = UpdateRequest.Read(Payload(UpdateSamples.Requests.Single(static request => request.Kind == UpdateMessageKind.Start).Write()));
        Assert.That((start.PrepareTime, start.ClaimTime, start.LeavesSilentBehind), Is.EqualTo((TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), true)));
    }

    [TestCaseSource(nameof(Requests))]
    public void A_damaged_request_is_read_or_refused(UpdateRequest request) => Damage(request.Write(), static payload => UpdateRequest.Read(payload));

    [TestCaseSource(nameof(Notices))]
    public void A_damaged_notice_is_read_or_refused(UpdateNotice notice) => Damage(notice.Frame, static payload => UpdateNotice.Read(payload));

    [TestCaseSource(nameof(Requests))]
    public void A_request_that_is_cut_is_refused(UpdateRequest request) => Cut(request.Write(), static payload => UpdateRequest.Read(payload));

    [TestCaseSource(nameof(Notices))]
    public void A_notice_that_is_cut_is_refused(UpdateNotice notice) => Cut(notice.Frame, static payload => UpdateNotice.Read(payload));

    [TestCaseSource(nameof(Requests))]
    public void Elements_behind_those_that_are_known_are_passed_over(UpdateRequest request)
    {
        byte[] frame = request.Write();
        UpdateRequest read = UpdateRequest.Read(WithMore(frame));
        Assert.That(read.Write(), Is.EqualTo(frame));
    }

    [TestCaseSource(nameof(Notices))]
    public void Elements_behind_those_of_a_notice_are_passed_over(UpdateNotice notice) =>
        Assert.That(UpdateNotice.Read(WithMore(notice.Frame)).Frame, Is.EqualTo(notice.Frame));

    [Test]
    public void Elements_that_are_nested_as_deeply_as_fits_cost_no_stack()
    {
        byte[] nested = [0x93, (byte)UpdateMessageKind.Status, 5, .. Enumerable.Repeat((byte)0x91, UpdateFrame.Longest - 100), 0xc0];
        Assert.That(UpdateRequest.Read(new ReadOnlySequence<byte>(nested)).Number, Is.EqualTo(5));
        byte[] maps = [0x93, (byte)UpdateMessageKind.Status, 5, .. Enumerable.Repeat(new byte[] { 0x81, 0xc0 }, 30_000).SelectMany(static map => map), 0xc0];
        Assert.That(UpdateRequest.Read(new ReadOnlySequence<byte>(maps)).Number, Is.EqualTo(5));
        byte[] unknown = [0x93, 63, 5, .. Enumerable.Repeat((byte)0x91, UpdateFrame.Longest - 100)];
        Assert.That(UpdateRequest.Read(new ReadOnlySequence<byte>(unknown)).Number, Is.EqualTo(5));
    }

    [Test]
    public void Bytes_behind_a_message_are_refused()
    {
        byte[] frame = [.. UpdateSamples.Requests[0].Write(), 0xc0];
        Refused.With(LiveUpdateError.Protocol, () => UpdateRequest.Read(Payload(frame)));
    }

    [Test]
    public void A_kind_that_nobody_knows_has_its_number_and_no_more()
    {
        UpdateRequest request = UpdateRequest.Read(new ReadOnlySequence<byte>(new byte[] { 0x92, 63, 9 }));
        Assert.That(((byte)request.Kind, request.Number), Is.EqualTo(((byte)63, 9UL)));
        UpdateNotice notice = UpdateNotice.Read(new ReadOnlySequence<byte>(new byte[] { 0x91, 0xcc, 200 }));
        Assert.That(((byte)notice.Kind, notice.IsAnswer), Is.EqualTo(((byte)200, false)));
    }

    [TestCase(0u)]
    [TestCase(4u)]
    [TestCase(65_537u)]
    [TestCase(uint.MaxValue)]
    public void A_length_out_of_range_is_refused(uint length)
    {
        byte[] bytes = new byte[16];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, length);
        Refused.With(LiveUpdateError.Protocol, () =>
        {
            var buffer = new ReadOnlySequence<byte>(bytes);
            UpdateFrame.TryTake(ref buffer, out _);
        });
    }

    [Test]
    public void A_frame_is_taken_when_it_is_whole()
    {
        byte[] one = UpdateSamples.Requests[0].Write(), two = UpdateSamples.Requests[1].Write();
        byte[] both = [.. one, .. two];
        for (int length = 0; length <= both.Length; length++)
        {
            var buffer = new ReadOnlySequence<byte>(both, 0, length);
            Assert.That(UpdateFrame.TryTake(ref buffer, out ReadOnlySequence<byte> payload), Is.EqualTo(length >= one.Length));
            Assert.That(payload.Length, Is.EqualTo(length >= one.Length ? one.Length - UpdateFrame.HeaderLength : 0));
            Assert.That(buffer.Length, Is.EqualTo(length >= one.Length ? length - one.Length : length));
        }
    }

    [Test]
    public void A_message_that_is_too_long_is_refused_before_it_is_sent()
    {
        var load = new UpdateRequest(UpdateMessageKind.Load) { Image = new KernelImage { Path = "/k", CommandLine = new string('x', 70_000) } };
        Refused.With(LiveUpdateError.FileTooLarge, () => load.Write());
    }

    [Test]
    public void As_many_subscribers_as_are_told_fit_a_message()
    {
        string name = new('n', UpdatePayload.LongestName);
        var status = new AgentStatus
        {
            Agent = new AgentInfo(1, int.MaxValue, "managed", true, ulong.MaxValue),
            Subscribers = [.. Enumerable.Range(0, UpdatePayload.MostNames).Select(i => new AgentSubscriberStatus(int.MaxValue - i, name, AgentSubscriberState.Ready))],
        };
        Assert.That(new UpdateNotice(UpdateMessageKind.StatusAnswer) { Status = status }.Frame, Has.Length.LessThan(UpdateFrame.Longest));
        Assert.That(
            new UpdateNotice(UpdateMessageKind.Over) { Names = [.. Enumerable.Repeat(name, UpdatePayload.MostNames)] }.Frame,
            Has.Length.LessThan(UpdateFrame.Longest));
    }

    [Test]
    public void What_a_successor_is_told_is_read_as_it_was_written_or_refused()
    {
        byte[] bytes = UpdateSamples.Saved;
        UpdateSaved read = UpdateSaved.Read(bytes);
        Assert.That(read.Write(read.Connections), Is.EqualTo(bytes));
        Assert.That((read.Update, read.Initiator, read.Members.Count, read.Connections.Count), Is.EqualTo((9UL, 3, 2, 3)));
        Damage([0, 0, 0, 0, .. bytes], static payload => UpdateSaved.Read(payload.ToArray()));
        Cut([0, 0, 0, 0, .. bytes], static payload => UpdateSaved.Read(payload.ToArray()));
    }

    private static ReadOnlySequence<byte> Payload(byte[] frame) => new(frame, UpdateFrame.HeaderLength, frame.Length - UpdateFrame.HeaderLength);

    // All arrays of messages have fewer than 15 elements: the count is in the first byte.
    private static ReadOnlySequence<byte> WithMore(byte[] frame)
    {
        byte[] bytes = [.. frame[UpdateFrame.HeaderLength..], 0x92, 0xc0, 0x81, 0xa1, (byte)'k', 0xc3, 0xa1, (byte)'x'];
        bytes[0] += 2;
        return new ReadOnlySequence<byte>(bytes);
    }

    private static void Damage(byte[] frame, Action<ReadOnlySequence<byte>> read)
    {
        int seed = Random.Shared.Next();
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (int i = 0; i < Damages; i++)
        {
            byte[] bytes = frame[UpdateFrame.HeaderLength..];
            for (int changes = random.Next(1, 4); changes > 0; changes--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            try
            {
                read(new ReadOnlySequence<byte>(bytes));
            }
            catch (LiveUpdateException exception) when (exception.Error == LiveUpdateError.Protocol)
            {
            }
        }
    }

    private static void Cut(byte[] frame, Action<ReadOnlySequence<byte>> read)
    {
        for (int length = 0; length < frame.Length - UpdateFrame.HeaderLength; length++)
            Refused.With(LiveUpdateError.Protocol, () => read(new ReadOnlySequence<byte>(frame, UpdateFrame.HeaderLength, length)));
    }

    private static SessionName Name(byte[] bytes)
    {
        Assert.That(SessionName.TryCreate(bytes, out SessionName name), Is.True);
        return name;
    }
}
