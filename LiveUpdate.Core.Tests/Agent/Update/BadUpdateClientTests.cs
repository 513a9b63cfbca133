using System.Buffers.Binary;
using System.Net.Sockets;
using System.Runtime.Versioning;
using LiveUpdate.Agent;
using LiveUpdate.Interop;
using LiveUpdate.Tests.Infrastructure;

namespace LiveUpdate.Tests.Agent;

/// <summary>Clients that do not keep to the protocol hear why, are cut off, and harm nobody.</summary>
[SupportedOSPlatform("linux")]
[Platform(Include = "Linux", Reason = "Unix sockets as Linux has them.")]
[Parallelizable(ParallelScope.All)]
internal sealed class BadUpdateClientTests
{
    [TestCase(0u)]
    [TestCase(4u)]
    [TestCase(65_537u)]
    [TestCase(uint.MaxValue)]
    public async Task A_length_out_of_range(uint length)
    {
        await using var lab = new UpdateLab();
        using RawUpdateClient client = lab.ConnectRaw();
        client.SayHello();
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, length);
        client.Send(bytes);
        client.IsCutOff();
        await IsUnharmed(lab);
    }

    [TestCase(new byte[] { 5, 0, 0, 0, 0xc0 })]
    [TestCase(new byte[] { 6, 0, 0, 0, 0x91, 9 })]
    [TestCase(new byte[] { 7, 0, 0, 0, 0x92, 9, 0xff })]
    [TestCase(new byte[] { 9, 0, 0, 0, 0xdd, 0xff, 0xff, 0xff, 0xff })]
    [TestCase(new byte[] { 8, 0, 0, 0, 0x92, 9, 1, 1 })]
    public async Task A_message_that_cannot_be_read(byte[] message)
    {
        await using var lab = new UpdateLab();
        using RawUpdateClient client = lab.ConnectRaw();
        client.SayHello();
        client.Send(message);
        client.IsCutOff();
        await IsUnharmed(lab);
    }

    [Test]
    public async Task Hello_twice()
    {
        await using var lab = new UpdateLab();
        using RawUpdateClient client = lab.ConnectRaw();
        client.SayHello();
        client.Send(UpdateSamples.Requests[0]);
        client.IsCutOff();
        Worker.Until(() => lab.Log.Messages.Any(static message => message.Contains("raw", StringComparison.Ordinal) && message.Contains("Hello is said once", StringComparison.Ordinal)));
    }

    [Test]
    public async Task Anything_before_hello([Values] bool isKnown)
    {
        await using var lab = new UpdateLab();
        using RawUpdateClient client = lab.ConnectRaw();
        client.Send(isKnown ? new UpdateRequest(UpdateMessageKind.Status) { Number = 1 } : new UpdateRequest((UpdateMessageKind)63) { Number = 1 });
        client.IsCutOff();
    }

    [Test]
    public async Task A_hello_in_a_version_that_never_was_or_with_no_name_can_be_said_again()
    {
        await using var lab = new UpdateLab();
        using RawUpdateClient client = lab.ConnectRaw();
        client.Send(new UpdateRequest(UpdateMessageKind.Hello) { Number = 5, Version = 0 });
        UpdateNotice? answer = client.Read();
        Assert.That((answer?.Number, answer?.Error), Is.EqualTo(((ulong?)5, (LiveUpdateError?)LiveUpdateError.NotSupported)));
        client.Send(new UpdateRequest(UpdateMessageKind.Hello) { Number = 6, Version = 1, Name = "a\nb" });
        Assert.That(client.Read()!.Error, Is.EqualTo(LiveUpdateError.InvalidArgument));
        client.Send(new UpdateRequest(UpdateMessageKind.Hello) { Number = 7, Version = 2, Name = "newer" });
        Assert.That(client.Read()!.Agent!.Version, Is.EqualTo(1), "who speaks a newer version is answered in this one");
    }

    [TestCase(0)]
    [TestCase(15)]
    [TestCase(63)]
    [TestCase((int)UpdateMessageKind.Welcome)]
    [TestCase((int)UpdateMessageKind.Event)]
    [TestCase(255)]
    public async Task A_kind_that_is_no_clients_is_not_supported_and_no_more(int kind)
    {
        await using var lab = new UpdateLab();
        using RawUpdateClient client = lab.ConnectRaw();
        client.SayHello();
        client.Send(new UpdateRequest((UpdateMessageKind)kind) { Number = 33 });
        UpdateNotice? answer = client.Read();
        Assert.That((answer?.Number, answer?.RequestKind, answer?.Error), Is.EqualTo(((ulong?)33, (byte?)kind, (LiveUpdateError?)LiveUpdateError.NotSupported)));
        client.Send(new UpdateRequest(UpdateMessageKind.Status) { Number = 34 });
        Assert.That(client.Read()!.Number, Is.EqualTo(34));
    }

    [Test]
    public async Task A_descriptor_beside_a_message()
    {
        await using var lab = new UpdateLab();
        using RawUpdateClient client = lab.ConnectRaw();
        client.SayHello();
        using var memory = Libc.Eventfd(0, Libc.EFD_CLOEXEC);
        SocketMessage.Send(client.Socket.SafeHandle, new UpdateRequest(UpdateMessageKind.Status) { Number = 2 }.Write(), [memory]);
        client.IsCutOff();
    }

    [Test]
    public async Task Garbage()
    {
        await using var lab = new UpdateLab();
        int seed = Random.Shared.Next();
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (int i = 0; i < 50; i++)
        {
            using RawUpdateClient client = lab.ConnectRaw();
            if (i % 2 == 0)
                client.SayHello();
            byte[] garbage = new byte[random.Next(8, 300)];
            random.NextBytes(garbage);

            // Else most lengths would be out of range.
            BinaryPrimitives.WriteUInt32LittleEndian(garbage, (uint)random.Next(5, garbage.Length));
            client.Send(garbage);
            client.Socket.Shutdown(SocketShutdown.Send);
            while (client.Read() is not null)
            {
            }
        }

        await IsUnharmed(lab);
        Worker.Until(() => lab.Host.Ended.Count >= 50);
    }

    [Test]
    public async Task Damaged_messages_of_every_kind()
    {
        await using var lab = new UpdateLab();
        int seed = Random.Shared.Next();
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        foreach (UpdateRequest request in UpdateSamples.Requests)
        {
            for (int i = 0; i < 8; i++)
            {
                using RawUpdateClient client = lab.ConnectRaw();
                client.SayHello();
                byte[] frame = request.Write();
                frame[random.Next(UpdateFrame.HeaderLength, frame.Length)] = (byte)random.Next(256);
                client.Send(frame);
                client.Socket.Shutdown(SocketShutdown.Send);
                while (client.Read() is not null)
                {
                }
            }
        }

        await IsUnharmed(lab);
    }

    [Test]
    public async Task One_that_does_not_read_is_cut_off_and_nobody_waits_for_it()
    {
        await using var lab = new UpdateLab();
        await using AgentClient other = await lab.ConnectAsync();
        using RawUpdateClient client = lab.ConnectRaw();
        client.SayHello();
        client.Send(new UpdateRequest(UpdateMessageKind.Subscribe) { Number = 2, Name = "deaf" });
        Assert.That(client.Read()!.Kind, Is.EqualTo(UpdateMessageKind.Done));
        client.Send(new UpdateRequest(UpdateMessageKind.Watch) { Number = 3 });

        // Events until its socket is full. It never answers, so each update is called off; without it, by the hand-over.
        lab.Host.HandingOver = static (_, _) => throw new LiveUpdateException(LiveUpdateError.NoSpace);
        for (int updates = 0; lab.Host.Ended.Count == 0; updates++)
        {
            Assert.That(updates, Is.LessThan(10_000));
            Task update = other.UpdateAsync(new AgentUpdateOptions { PrepareTime = TimeSpan.FromMilliseconds(1) });
            await update.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Assert.That(update.Exception?.InnerException, Is.InstanceOf<LiveUpdateException>());
        }

        Worker.Until(() => lab.Host.Ended.Count == 1);
        while (client.Read() is not null)
        {
        }

        Worker.Until(() => lab.Log.Messages.Any(static message => message.Contains("It does not read", StringComparison.Ordinal)));
    }

    [Test]
    public async Task One_that_does_not_read_its_answers_is_cut_off()
    {
        await using var lab = new UpdateLab();
        using RawUpdateClient client = lab.ConnectRaw();
        client.SayHello();
        byte[] check = new UpdateRequest(UpdateMessageKind.Check) { Number = 2 }.Write();
        lab.Host.Findings = static () => [new PreflightFinding("long", PreflightSeverity.Warning, new string('x', 50_000))];
        Assert.That(
            () =>
            {
                while (true)
                    client.Send(check);
            },
            Throws.InstanceOf<SocketException>());
        Worker.Until(() => lab.Host.Ended.Count == 1);
    }

    [Test]
    public async Task Half_a_message_is_waited_for_five_seconds_and_then_cut_off()
    {
        await using var lab = new UpdateLab();
        using RawUpdateClient client = lab.ConnectRaw(), other = lab.ConnectRaw();
        client.SayHello();
        client.Send(new UpdateRequest(UpdateMessageKind.Status) { Number = 2 }.Write()[..5]);
        other.SayHello();
        other.Send(new UpdateRequest(UpdateMessageKind.Status) { Number = 2 }.Write()[..5]);
        other.Dispose();
        client.IsCutOff();
        Worker.Until(() => lab.Host.Ended.Count == 2);
    }

    [Test]
    public async Task A_message_in_many_pieces_is_one()
    {
        await using var lab = new UpdateLab();
        using RawUpdateClient client = lab.ConnectRaw();
        foreach (byte piece in UpdateSamples.Requests[0].Write())
            client.Send(piece);
        Assert.That(client.Read()!.Kind, Is.EqualTo(UpdateMessageKind.Welcome));
        client.Send([.. new UpdateRequest(UpdateMessageKind.Status) { Number = 2 }.Write(), .. new UpdateRequest(UpdateMessageKind.Check) { Number = 3 }.Write()]);
        Assert.That(client.Read()!.Number, Is.EqualTo(2));
        Assert.That(client.Read()!.Number, Is.EqualTo(3));
    }

    private static async Task IsUnharmed(UpdateLab lab)
    {
        await using AgentClient client = await lab.ConnectAsync();
        Assert.That((await client.GetStatusAsync()).Files, Is.EqualTo(5));
    }
}
