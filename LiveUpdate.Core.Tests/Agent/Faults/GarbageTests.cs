using System.Buffers;
using System.Runtime.Versioning;
using LiveUpdate.Abi;
using LiveUpdate.Agent;
using LiveUpdate.Tests.Infrastructure;
using MessagePack;

namespace LiveUpdate.Tests.Agent.Faults;

/// <summary>Bytes and descriptors that are no frames, on both sockets and on sessions: their connection ends, and nobody else's.</summary>
[Platform(Include = "Linux", Reason = "The agent runs on Linux only.")]
[SupportedOSPlatform("linux")]
[Parallelizable(ParallelScope.All)]
public sealed class GarbageTests
{
    private const uint Greeting = 0x01;
    private const uint Describe = 0x04;
    private const int Rounds = 200;
    private const byte ErrorKind = 66;

    private static readonly (uint, LiveUpdateError) s_greeted = (Greeting, LiveUpdateError.None);
    private static readonly (uint, LiveUpdateError) s_ended = (RawConnection.Ended, LiveUpdateError.Protocol);

    private static LuodProcess s_luod = null!;

    [OneTimeSetUp]
    public static async Task Start() => s_luod = await LuodProcess.StartAsync();

    [OneTimeTearDown]
    public static async Task Stop() => await s_luod.DisposeAsync();

    [Test]
    public async Task Random_bytes_end_their_connection_and_leave_nothing_open()
    {
        await using LuodProcess luod = await LuodProcess.StartAsync("--keeper");
        using AgentDevice device = AgentDevice.Connect(luod.Directory);
        using Session kept = device.CreateSession("kept");
        await using AgentClient client = await luod.ConnectAsync();
        int seed = Random.Shared.Next();
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        Garble(luod.Directory, device, random);
        await Eventually.DoesAsync(() => client.GetStatusAsync().Result is { DeviceConnections: 1, OutgoingSessions: 1 });
        (int agent, int keeper) = (Count(client.Agent.ProcessId), Count(luod.ProcessId));
        for (int i = 0; i < Rounds; i++)
            Garble(luod.Directory, device, random);
        await Eventually.DoesAsync(() => client.GetStatusAsync().Result is { DeviceConnections: 1, OutgoingSessions: 1 });
        await Eventually.DoesAsync(() => Count(client.Agent.ProcessId) <= agent && Count(luod.ProcessId) <= keeper);
        Refused.With(LiveUpdateError.InvalidArgument, kept.Finish);
    }

    [TestCase(0u)]
    [TestCase(7u)]
    [TestCase(4105u)]
    [TestCase(uint.MaxValue)]
    public void A_length_that_no_request_has_ends_the_connection(uint length)
    {
        using var raw = RawConnection.Connect(s_luod.Directory, "device");
        raw.Send([.. BitConverter.GetBytes(length), 0, 0xBA, 0, 0]);
        Assert.That(raw.ReceiveAnswers(), Is.EqualTo(new[] { s_greeted, s_ended }));
    }

    [TestCase(0u)]
    [TestCase(4u)]
    [TestCase(65_537u)]
    [TestCase(uint.MaxValue)]
    public void A_length_that_no_message_has_ends_the_connection(uint length)
    {
        using var raw = RawConnection.Connect(s_luod.Directory, "update");
        raw.Send([.. BitConverter.GetBytes(length), 0x91, 9]);
        Assert.That(ReadErrors(raw), Is.EqualTo(new[] { LiveUpdateError.Protocol }));
    }

    [Test]
    public async Task Half_a_frame_and_silence_end_the_connection()
    {
        using LiveUpdateOrchestrator orchestrator = LiveUpdateOrchestrator.Boot(new LiveUpdateOptions { Handlers = { new MemfdHandler() } });
        DirectoryInfo folder = Directory.CreateTempSubdirectory("agent-");
        await using (var server = new AgentServer(
            AgentBackEnd.ForDevice(orchestrator.OpenDevice()),
            new AgentServerOptions { Directory = folder.FullName, WholeFrameTime = TimeSpan.FromMilliseconds(100) }))
        {
            await server.StartAsync();
            using var slow = RawConnection.Connect(folder.FullName, "device");
            slow.Send(RawConnection.Frame(Describe, 12, 0, 0, 0).AsSpan(0, 9));
            Assert.That(slow.ReceiveAnswers(), Is.EqualTo(new[] { s_greeted, s_ended }));
            using var message = RawConnection.Connect(folder.FullName, "update");
            message.Send([6, 0]);
            Assert.That(ReadErrors(message), Is.EqualTo(new[] { LiveUpdateError.Protocol }));
            using AgentDevice device = AgentDevice.Connect(folder.FullName);
            device.CreateSession("s").Close();
        }

        folder.Delete(recursive: true);
    }

    [Test]
    public void Half_a_frame_and_the_end_end_the_connection()
    {
        using var raw = RawConnection.Connect(s_luod.Directory, "device");
        raw.Send(RawConnection.Frame(Describe, 12, 0, 0, 0).AsSpan(0, 9));
        raw.EndSending();
        Assert.That(raw.ReceiveAnswers(), Is.EqualTo(new[] { s_greeted, s_ended }));
    }

    [Test]
    public void A_descriptor_that_nobody_asked_for_is_let_go_and_the_request_answered()
    {
        using var raw = RawConnection.Connect(s_luod.Directory, "device");
        var file = new TestMemfd();
        using (file.Handle)
            raw.Send(RawConnection.Frame(Describe, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), file.Handle);
        raw.EndSending();
        Assert.That(raw.ReceiveAnswers(), Is.EqualTo(new[] { s_greeted, (Describe, LiveUpdateError.None), (RawConnection.Ended, LiveUpdateError.None) }));
    }

    [Test]
    public void Two_descriptors_beside_a_frame_end_the_session()
    {
        using AgentDevice device = AgentDevice.Connect(s_luod.Directory);
        using var session = (AgentSession)device.CreateSession("two");
        using var raw = RawConnection.Of(session);
        var file = new TestMemfd();
        using (file.Handle)
            raw.Send(Preserve(1), file.Handle, file.Handle);
        Assert.That(raw.ReceiveAnswers(), Is.EqualTo(new[] { s_ended }));
        device.CreateSession("two").Close();
    }

    [Test]
    public void A_descriptor_beside_a_message_ends_the_connection()
    {
        using var raw = RawConnection.Connect(s_luod.Directory, "update");
        var file = new TestMemfd();
        using (file.Handle)
            raw.Send(Message(9, 1), file.Handle);
        Assert.That(ReadErrors(raw), Is.EqualTo(new[] { LiveUpdateError.Protocol }));
    }

    [Test]
    public void Requests_before_the_answer_are_answered_in_order()
    {
        using AgentDevice device = AgentDevice.Connect(s_luod.Directory);
        using var session = (AgentSession)device.CreateSession("ahead");
        using var raw = RawConnection.Of(session);
        var file = new TestMemfd();
        using (file.Handle)
        {
            raw.Send(Preserve(1), file.Handle);
            raw.Send(Preserve(1), file.Handle);
            raw.Send(Preserve(2), file.Handle);
            raw.Send(RawConnection.Frame(LiveUpdateIoctl.Finish, 8, 0, 0, 0, 0, 0, 0, 0));
        }

        session.Dispose();
        raw.EndSending();
        Assert.That(raw.ReceiveAnswers(), Is.EqualTo(new[]
        {
            (LiveUpdateIoctl.PreserveFd, LiveUpdateError.None),
            (LiveUpdateIoctl.PreserveFd, LiveUpdateError.Exists),
            (LiveUpdateIoctl.PreserveFd, LiveUpdateError.Busy),
            (LiveUpdateIoctl.Finish, LiveUpdateError.InvalidArgument),
            (RawConnection.Ended, LiveUpdateError.None),
        }));
    }

    [Test]
    public async Task Who_asks_and_does_not_read_loses_the_connection_and_what_it_stands_for()
    {
        using AgentDevice device = AgentDevice.Connect(s_luod.Directory);
        var session = (AgentSession)device.CreateSession("deaf");
        using var raw = RawConnection.Of(session);
        session.Dispose();
        byte[] names = [.. Enumerable.Repeat(GetName(), 500).SelectMany(static frame => frame)];
        raw.SendAll(names);
        raw.SendAll(names);
        using Session next = await Eventually.GetAsync(() => device.CreateSession("deaf"), LiveUpdateError.Exists);
    }

    private static int Count(int process) => LuodProcess.CountHeld(process);

    private static void Garble(string directory, AgentDevice device, Random random)
    {
        byte[] bytes = new byte[random.Next(1, 64)];
        random.NextBytes(bytes);

        // A length that can be is seen further than its first check.
        if (bytes.Length > 8 && random.Next(2) == 0)
            BitConverter.GetBytes(random.Next(4, bytes.Length + 2)).CopyTo(bytes, 0);
        var file = new TestMemfd();
        AgentSession? session = null;
        using (file.Handle)
        {
            int where = random.Next(3);
            session = where == 2 ? (AgentSession)device.CreateSession("garbled") : null;
            using RawConnection raw = session is null ? RawConnection.Connect(directory, where == 0 ? "device" : "update") : RawConnection.Of(session);
            raw.Send(bytes, [.. Enumerable.Repeat(file.Handle, random.Next(4))]);
            session?.Dispose();
            raw.EndSending();
            while (raw.Receive() is not null)
            {
            }
        }
    }

    private static byte[] Preserve(ulong token) =>
        RawConnection.Frame(LiveUpdateIoctl.PreserveFd, [.. BitConverter.GetBytes(16), .. BitConverter.GetBytes(-1), .. BitConverter.GetBytes(token)]);

    private static byte[] GetName() => RawConnection.Frame(LiveUpdateIoctl.GetName, [.. BitConverter.GetBytes(72), .. new byte[68]]);

    private static byte[] Message(int kind, ulong number)
    {
        var buffer = new ArrayBufferWriter<byte>();
        var writer = new MessagePackWriter(buffer);
        writer.WriteArrayHeader(2);
        writer.Write(kind);
        writer.Write(number);
        writer.Flush();
        return [.. BitConverter.GetBytes(buffer.WrittenCount + sizeof(int)), .. buffer.WrittenSpan];
    }

    // error: kind, number, kind of the request, errno, text.
    private static List<LiveUpdateError> ReadErrors(RawConnection raw)
    {
        List<LiveUpdateError> errors = [];
        while (raw.Receive() is { } frame)
        {
            var reader = new MessagePackReader(frame);
            reader.ReadArrayHeader();
            Assert.That(reader.ReadByte(), Is.EqualTo(ErrorKind));
            reader.Skip();
            reader.Skip();
            errors.Add((LiveUpdateError)reader.ReadInt32());
        }

        return errors;
    }
}
